"""Terminal escapes of tool results are not sent: as text, on pages, as identifiers; and what is stored keeps them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from glyph_memory.context import Binder, PageOptions, TextCleaner
from glyph_memory.errors import PolicyError
from glyph_memory.memory import GlyphMemory
from glyph_memory.transcript import Turn

SAID = "\x1b[32mok\x1b[0m built \x1b]0;ORD-111111-X\x07ORD-482913-K"
SHOWN = "ok built ORD-482913-K"


@pytest.mark.parametrize(
    ("which", "role", "is_clean"),
    [("tools", "tool", True), ("tools", "user", False), ("strip", "user", True), ("keep", "tool", False)],
)
def test_which_turns_are_cleaned(which: str, role: str, is_clean: bool) -> None:
    """Tool results unless told otherwise; the same in a message, in a quote, and as it is counted."""
    cleaner = TextCleaner((), which)  # type: ignore[arg-type]  # one of the three
    turn = Turn(role=role, text=SAID, anchor=3)  # type: ignore[arg-type]  # a role
    shown = SHOWN if is_clean else SAID
    assert cleaner.show_turn(turn).text == shown
    assert cleaner.clean_message(turn) == shown
    assert (SHOWN in cleaner.quote([turn])) == is_clean


def test_pages_identifiers_and_counts_are_of_what_is_sent() -> None:
    """A page shows no escape, no title is an identifier, and a sealed run costs what the same text costs clean."""
    said = [Turn(role="tool", text=f"{SAID}\n" * 40, anchor=1)]
    clean = [replace(turn, text=f"{SHOWN}\n" * 40) for turn in said]
    binder = Binder()
    drawn, wanted = (binder.draw_run(turns, first_page=1, ledger_tokens=200) for turns in (said, clean))
    assert [page.digest for page in drawn.pages] == [page.digest for page in wanted.pages]
    assert (drawn.ledger, drawn.tokens) == (wanted.ledger, wanted.tokens)
    assert binder.count_message_tokens(said[0]) == binder.count_message_tokens(clean[0])
    assert binder.count_quote_tokens(said) == binder.count_quote_tokens(clean)


def test_a_memory_sends_it_clean_and_recalls_it_as_it_came() -> None:
    """The store loses nothing."""
    with GlyphMemory.open(":memory:") as memory:
        memory.add("user", "Build it.")
        memory.add("tool", SAID)
        sent = "".join(message.text for message in memory.context().messages)
        assert SHOWN in sent
        assert "\x1b" not in sent
        assert memory.report().terminal_characters == len(SAID) - len(SHOWN)
        assert memory.recall("built")[0].text == SAID


def test_the_option_is_part_of_what_seals_depend_on_and_is_checked() -> None:
    """Other pages come of it."""
    assert Binder().fingerprint != Binder(terminal_escapes="keep").fingerprint
    with pytest.raises(PolicyError, match="terminal_escapes='all' is none of"):
        PageOptions(terminal_escapes="all")  # type: ignore[arg-type]  # what is refused
