"""What a chat says by the way is true, short, and said once."""

from __future__ import annotations

from dataclasses import replace

from glyph_memory import Fold, GlyphMemory, Reading, Seal
from glyph_memory.cli import status_lines as notes


def seal(number: int, *, generation: int = 1, oldest: int = 1) -> Seal:
    """Make a seal up, of two turns."""
    anchors = (2 * number - 1, 2 * number)
    return Seal(
        number=number, generation=generation, oldest=oldest, kind="text", anchors=anchors, turns=f"turns {number}",
        sealed_at=anchors[-1], tokens=90, text_tokens=100,
    )  # fmt: skip


def test_nothing_new_is_not_told() -> None:
    """The same fold twice, or a turn more."""
    fold = Fold(seals=(seal(1), seal(2)), last_anchor=4)
    assert notes.describe_changes(fold, fold) == []
    assert notes.describe_changes(fold, replace(fold, last_anchor=5)) == []


def test_a_run_that_stays_text_is_told() -> None:
    """Only the new one, with why."""
    before, after = Fold(seals=(seal(1),)), Fold(seals=(seal(1), seal(2)))
    assert notes.describe_changes(before, after) == [
        "Sealed: §3 to §4 stay text, since pages would not have paid."
    ]


def test_a_generation_says_which_turns_left() -> None:
    """And that they are kept."""
    before = Fold(seals=(seal(1), seal(2)))
    after = Fold(seals=(seal(1), seal(2), seal(3, generation=2, oldest=3)), generation=2, oldest=3)
    sealed, generation = notes.describe_changes(before, after)
    assert "§5 to §6" in sealed
    assert (
        generation
        == "Generation 2 begins: turns up to §4 are no longer shown; they are kept, and /recall finds them."
    )


def test_a_generation_in_which_all_is_drawn_anew_is_told_in_one_line() -> None:
    """Not seal by seal: what is on pages has not changed."""
    before, after = Fold(seals=(seal(1),)), Fold(seals=(seal(1, generation=2),), generation=2)
    assert notes.describe_changes(before, after) == ["Generation 2 begins: old turns were drawn anew."]


def test_what_was_sent_is_told_in_one_line() -> None:
    """Of what is not there, and of what the server does not tell, nothing is said."""
    with GlyphMemory.open() as memory:
        memory.add("user", "Hello.")
        report = memory.report()
    assert notes.describe_request(report, Reading(text="Hello.")) == "1 turn as text"
    sealed = replace(report, recent_turns=0, page_turns=3, pages=1, request_is_repeated=True, evicted_turns=9)
    told = notes.describe_request(sealed, Reading(text="Hello."))
    assert told.startswith("3 turns on 1 page, the sealed request as text, too, 9 no longer shown")
