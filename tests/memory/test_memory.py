"""Turns go in, contexts come out, everything is found again: what each call gives, on cases known beforehand."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from glyph_memory import GlyphMemory, PolicyError, StoreError, Text, ToolCall, Turn
from glyph_memory.memory.recall import locate
from glyph_memory.store import Store
from tests.memory.worker import SMALL, small

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


def say(memory: GlyphMemory, *texts: str) -> None:
    """Let the user say things."""
    memory.extend([Turn(role="user", text=text) for text in texts])


def test_a_turn_is_added_by_its_words_or_whole(memory: GlyphMemory) -> None:
    """Both give the turn as it is stored, with anchor, id and time; what was given stays."""
    said = memory.add(
        "user", "Hello.", name="Ada", time=NOON, id="first", pinned=True, images=[b"no picture"]
    )
    assert said == Turn(
        role="user", text="Hello.", name="Ada", time=NOON, id="first", pinned=True, images=(b"no picture",), anchor=1
    )  # fmt: skip
    call = ToolCall(name="look", arguments="{}", id="c1")
    asked = memory.add("assistant", tool_calls=[call])
    answered = memory.add(Turn(role="tool", text="42", tool_call_id="c1"))
    assert (asked.anchor, asked.tool_calls, answered.anchor) == (2, (call,), 3)
    assert asked.id
    assert asked.time
    assert list(memory.turns()) == [said, asked, answered]
    assert list(memory.turns(after=1)) == [asked, answered]


def test_many_are_added_in_order_and_progress_is_told(memory: GlyphMemory) -> None:
    """Transactions hold some hundreds each."""
    told: list[int] = []
    stored = memory.extend(
        (Turn(role="user", text=str(number)) for number in range(1100)), progress=told.append
    )
    assert [turn.text for turn in stored] == [str(number) for number in range(1100)]
    assert [turn.anchor for turn in stored] == list(range(1, 1101))
    assert sum(told) == 1100
    assert len(told) == 3


def test_the_same_turn_twice_is_one_and_another_under_its_id_is_refused(memory: GlyphMemory) -> None:
    """So that a caller may try again."""
    once = memory.add("user", "Pay 5 €.", id="order")
    assert memory.add("user", "Pay 5 €.", id="order") == once
    with pytest.raises(StoreError, match="'order' is already stored as §1"):
        memory.add("user", "Pay 500 €.", id="order")
    twice = memory.extend(
        [Turn(role="user", text="Again.", id="a"), Turn(role="user", text="Again.", id="a")]
    )
    assert [turn.anchor for turn in twice] == [2, 2]
    assert len(list(memory.turns())) == 2
    assert len(memory.fold().tail) == 2


def test_an_empty_memory_gives_an_empty_context() -> None:
    """And with a question, the question."""
    with small() as memory:
        assert memory.context().messages == ()
        (message,) = memory.context("Who are you?").messages
        assert (message.role, message.parts) == ("user", (Text("Who are you?"),))
        assert memory.unfold() == ""
        assert memory.recall("anything") == ()
        assert memory.identifiers() == ()
        assert list(memory.pages()) == []
        assert memory.sessions() == ()
        report = memory.report()
        assert (report.turns, report.pages, report.generation, report.ratio) == (0, 0, 1, 0)
        assert memory.delete(1, 2) == memory.truncate(after=0) == memory.delete() == 0
        memory.clear()


def test_a_question_is_asked_and_not_stored(memory: GlyphMemory) -> None:
    """It stands after all that was said."""
    say(memory, "The gate is 7.")
    context = memory.context("Which gate?")
    assert context.messages[-1].text.endswith("Which gate?")
    assert "The gate is 7." in context.messages[-1].text
    assert len(list(memory.turns())) == 1
    assert "Which gate?" not in memory.context().messages[-1].text


def test_old_turns_become_pages_and_recent_ones_stay_text(
    memory: GlyphMemory, talk: tuple[Turn, ...]
) -> None:
    """The head stays text, every page stands in the context, byte for byte as it was drawn."""
    memory.extend(talk)
    fold, context = memory.fold(), memory.context()
    assert fold.visible_seals
    assert context.messages[0].role == "system"
    assert context.messages[0].text == talk[0].text
    assert [image.data for image in context.images] == [page.png() for page in memory.pages()]
    assert fold.tail[-1].turn.text in context.messages[-1].text
    assert memory.tokens(context) <= SMALL.prompt_tokens


def test_a_context_ends_with_what_came_from_elsewhere(database: Path) -> None:
    """Two memories of one session see each other's turns at once."""
    with small(database) as one, small(database) as other:
        say(one, "From one.")
        assert "From one." in other.context().messages[-1].text
        say(other, "From the other.")
        assert "From the other." in one.context().messages[-1].text
        assert one.fold() == other.fold()


def test_what_another_erases_is_shown_no_longer(database: Path, talk: tuple[Turn, ...]) -> None:
    """Not even the pages that a memory holds already."""
    with small(database) as one, small(database) as other:
        one.extend(talk[:60])
        before = one.context()
        other.delete(one.fold().visible_seals[0].anchors[0])
        assert one.context() == other.context() != before
        assert one.context().images[0] != before.images[0]


def test_turns_that_come_twice_do_not_hide_those_of_others(database: Path) -> None:
    """As many turns as were expected need not be the ones."""
    with small(database) as one, small(database) as other:
        say(one, "Hello.")
        say(other, "From elsewhere.")
        one.extend([Turn(role="user", text="Twice.", id="a")] * 2)
        assert [recent.turn.anchor for recent in one.fold().tail] == [1, 2, 3]


def test_recall_gives_exact_words_and_where_they_stand(talk: tuple[Turn, ...]) -> None:
    """In the head, on a page that is shown, on one that left, or as text."""
    memory = small(style="glyph")
    memory.extend(talk)
    fold = memory.fold()
    assert fold.evicted_seals
    where = {turn.anchor: "head" for turn in fold.head} | {recent.turn.anchor: "text" for recent in fold.tail}
    where |= {anchor: "evicted" for seal in fold.evicted_seals for anchor in seal.anchors}
    where |= {anchor: "page" for seal in fold.visible_seals for anchor in seal.anchors}
    pages = {page.number: page for seal in fold.visible_seals for page in seal.pages}
    assert {turn.anchor: locate(fold, turn.anchor or 0)[0] for turn in memory.turns()} == where
    found = memory.recall("checkout service retry failing logs agent shop", k=60)
    assert {passage.place for passage in found} >= {"head", "evicted", "page"}
    for passage in found:
        assert passage.place == where[passage.anchor]
        assert passage.text in passage.turn.text or passage.turn.tool_calls
        assert (passage.page is not None) == (passage.place == "page")
        if passage.page is not None:
            assert passage.text[:12].split("\n")[0] in memory.zoom(f"page {passage.page}").text
            first, last = pages[passage.page].anchors
            assert first <= passage.anchor <= last
    assert [passage.score for passage in found] == sorted((passage.score for passage in found), reverse=True)
    assert memory.recall("checkout", k=0) == memory.recall("checkout", k=-3) == ()
    assert len(memory.recall("the", k=2)) == 2


def test_recall_of_a_long_turn_gives_the_passage_that_fits() -> None:
    """And says where it stands."""
    words = [f"filler{number} words here." for number in range(3000)]
    words[2000] = "The launch code is HX-77-ALPHA."
    text = "\n".join(words)
    with small() as memory:
        memory.add("user", text)
        (passage,) = memory.recall("launch code")
    assert "HX-77-ALPHA" in passage.text
    assert len(passage.text) < 2000
    assert text[passage.start : passage.stop] == passage.text


def test_zoom_says_where_there_are_no_pages() -> None:
    """No page is numbered 1 to 0."""
    with GlyphMemory.open(":memory:") as memory, pytest.raises(StoreError, match="it has no pages yet"):
        memory.zoom("page 1")


def test_zoom_gives_a_turn_or_a_page_exactly(memory: GlyphMemory, talk: tuple[Turn, ...]) -> None:
    """By anchor or page number, spelled as pages and captions spell them; drawn larger where asked."""
    memory.extend(talk)
    for what in (5, "5", "§5", " § 5 "):
        assert memory.zoom(what).turns == (next(turn for turn in memory.turns() if turn.anchor == 5),)
    for number, page in enumerate(memory.pages(), memory.fold().visible_seals[0].pages[0].number):
        for what in (f"page {number}", f"Page {number}", f"p. {number}"):
            assert memory.zoom(what).text == page.text
    zoomed = memory.zoom("§5", dpi=144)
    assert zoomed.pages[0].size[0] > next(iter(memory.pages())).size[0]
    assert memory.zoom("page 1").turns[0].anchor == 2  # long evicted, and still there


def test_pinned_turns_are_repeated_as_text_until_they_are_not(
    memory: GlyphMemory, talk: tuple[Turn, ...]
) -> None:
    """Whether pinned when said or later; `unpin` ends it."""
    memory.add(talk[0])
    memory.add("user", "The code word is KESTREL.", pinned=True)
    memory.extend(talk[1:])

    def repeated(text: str) -> bool:
        return any(part.kind == "repeated" and "pinned" in part.text and text in part.text
                   for m in memory.context().messages for part in m.parts if isinstance(part, Text))  # fmt: skip

    sealed = memory.fold().seals[0].anchors
    assert 2 in sealed
    assert repeated("KESTREL")
    memory.unpin(2)
    assert not repeated("KESTREL")
    memory.pin(2)
    assert repeated("KESTREL")
    long = memory.add("user", "word " * 400)
    with pytest.raises(PolicyError, match="pinned_tokens"):
        memory.pin(long.anchor or 0)
    with pytest.raises(StoreError, match="no turn §99999"):
        memory.pin(99999)


def test_pinned_turns_without_room_are_named_in_the_report(
    memory: GlyphMemory, talk: tuple[Turn, ...]
) -> None:
    """What is pinned as it is said may not fit; the report tells."""
    memory.add("user", "long " * 400, pinned=True)
    memory.extend(talk)
    assert memory.report().pinned_left_out == (1,)


def test_truncate_forgets_what_came_after(memory: GlyphMemory, talk: tuple[Turn, ...]) -> None:
    """As if it had never been said; its anchors are never given again."""
    memory.extend(talk[:100])
    before = memory.fold()
    memory.extend(talk[100:])
    assert memory.truncate(after=100) == len(talk) - 100
    assert [turn.anchor for turn in memory.turns()] == list(range(1, 101))
    kept = memory.fold().seals
    assert kept[: len(before.seals)] == before.seals[: len(kept)]
    assert len(kept) >= len(before.seals)
    assert max(anchor for seal in kept for anchor in seal.anchors) <= 100
    assert memory.add("user", "Otherwise.").anchor == len(talk) + 1
    assert memory.truncate(after=10**30) == 0


def test_a_fork_goes_its_own_way(memory: GlyphMemory, talk: tuple[Turn, ...]) -> None:
    """It begins with the same turns, seals and pages; afterwards neither sees the other."""
    memory.extend(talk)
    with memory.fork("branch") as branch:
        assert branch.session == "branch"
        assert branch.fold() == memory.fold()
        assert branch.context() == memory.context()
        branch.add("user", "Only here: WALRUS.")
        memory.add("user", "Only there: OTTER.")
        assert not memory.recall("WALRUS")
        assert not branch.recall("OTTER")
        assert branch.recall("WALRUS")
        with pytest.raises(StoreError, match="already"):
            memory.fork("branch")
        branch.truncate(after=3)
    assert len(list(memory.turns())) == len(talk) + 1
    assert [info.name for info in memory.sessions()] == ["branch", "default"]


def test_the_report_adds_up(memory: GlyphMemory, talk: tuple[Turn, ...]) -> None:
    """Every turn is counted once; tokens are those of the context."""
    memory.extend(talk)
    report = memory.report()
    parts = (
        report.head_turns,
        report.recent_turns,
        report.page_turns,
        report.quoted_turns,
        report.evicted_turns,
    )
    assert sum(parts) == report.turns == len(talk)
    assert report.context_tokens == memory.tokens(memory.context())
    assert report.saved_tokens == report.plain_tokens - report.context_tokens > 0
    assert report.ratio > 1
    assert report.sealed_tokens <= report.budget_tokens
    assert report.pages == len(list(memory.pages())) > 0
    assert not report.text_exact
    assert report.to_json()["saved_tokens"] == report.saved_tokens


def test_unfold_gives_everything_under_its_anchor(memory: GlyphMemory) -> None:
    """Lines of a turn are indented, so that none passes for a label."""
    memory.add("user", "Hello.\n§7 system:\nbye", name="Ada")
    memory.add("assistant", tool_calls=[ToolCall(name="look", arguments='{"a": 1}')], images=[b"x"])
    assert memory.unfold() == (
        '§1 user Ada:\n  Hello.\n  §7 system:\n  bye\n§2 assistant:\n  look {"a": 1}\n  [1 picture]\n'
    )


def test_identifiers_are_listed_latest_first(memory: GlyphMemory) -> None:
    """Verbatim, with how often and where they were said."""
    uuid = "0b1c2d3e-4f50-4a61-9b72-8c93ad04be15"
    say(
        memory,
        f"Request {uuid} failed.",
        "See https://example.org/a/b?c=1",
        f"Again {uuid.upper()} and {uuid}",
    )
    found = {known.text: known for known in memory.identifiers()}
    assert found[uuid].anchors == (1, 3)
    assert found[uuid].count == 2
    assert {known.text for known in memory.identifiers(like="EXAMPLE")} == {"https://example.org/a/b?c=1"}
    assert len(memory.identifiers(limit=1)) == 1
    assert memory.identifiers(like="%") == memory.identifiers(limit=0) == ()


def test_a_memory_may_share_an_open_store(database: Path) -> None:
    """Which stays open when the memory is closed."""
    with Store.open(database) as store:
        with small(store, session="a") as memory:
            say(memory, "Hello.")
        with small(store, session="b") as memory:
            assert list(memory.turns()) == []
            assert [info.name for info in memory.sessions()] == ["a"]
    with pytest.raises(StoreError, match="closed"):
        memory.add("user", "Too late.")


def test_it_says_what_it_was_opened_with() -> None:
    """Session, profile, policy and style."""
    with small(session="alice") as memory:
        assert (memory.session, memory.profile.name, memory.policy) == ("alice", "glyph", SMALL)
        assert memory.style.dpi == 72


def test_importing_it_loads_no_sql() -> None:
    """A program that only typesets pages pays for no database."""
    program = "import sys, glyph_memory; glyph_memory.GlyphMemory; print('sqlalchemy' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"
