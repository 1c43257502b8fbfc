"""Turns go in and come out in order, once; in a file, in memory and on a server alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from glyph_memory.errors import StoreError
from glyph_memory.store import SessionState, SessionStore, Store
from glyph_memory.transcript import Turn

NOON = datetime(2025, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def say(*said: str) -> list[Turn]:
    """Let the user say things."""
    return [Turn(role="user", text=text) for text in said]


def anchors(session_store: SessionStore) -> list[int | None]:
    """Return the anchors of a session's turns."""
    return [turn.anchor for turn in session_store.turns()]


def test_an_appended_turn_gets_an_anchor_an_id_and_a_time(session_store: SessionStore) -> None:
    """Anchors count from 1; what the caller gave stays."""
    before = datetime.now(UTC)
    one, two = session_store.append(
        [Turn(role="user", text="hi"), Turn(role="assistant", id="mine", time=NOON)]
    )
    assert (one.anchor, two.anchor) == (1, 2)
    assert one.id != two.id == "mine"
    assert two.time == NOON
    assert one.time is not None
    assert before <= one.time <= datetime.now(UTC)
    assert list(session_store.turns()) == [one, two]
    assert session_store.state() == SessionState(last_anchor=2, turns=2, edits=0)


def test_a_session_that_was_never_written_is_empty_and_not_listed(store: Store) -> None:
    """Asking makes nothing."""
    session_store = store.session("nobody")
    assert session_store.state() == SessionState(last_anchor=0, turns=0, edits=0)
    assert (
        list(session_store.turns()),
        session_store.turn(1),
        session_store.head(),
        session_store.list_pinned(upto=9),
    ) == ([], None, (), ())
    assert (
        session_store.last_user(upto=9),
        session_store.search("x", k=3),
        session_store.identifiers(),
        session_store.seals(),
    ) == (
        None,
        (),
        (),
        (),
    )
    assert (session_store.truncate(after=0), session_store.delete([1]), session_store.append([])) == (
        0,
        0,
        (),
    )
    session_store.clear()
    assert store.sessions() == ()


def test_the_order_is_that_of_anchors_even_if_the_clock_goes_backwards(
    session_store: SessionStore, store: Store
) -> None:
    """Times are told, never sorted by."""
    session_store.append(
        [Turn(role="user", text=str(hours), time=NOON - timedelta(hours=hours)) for hours in range(5)]
    )
    assert [turn.text for turn in session_store.turns()] == ["0", "1", "2", "3", "4"]
    assert session_store.last_user(upto=99) == session_store.turn(5)
    (session,) = store.sessions()
    assert (session.first_time, session.last_time) == (NOON, NOON - timedelta(hours=4))


def test_a_range_begins_after_one_anchor_and_ends_with_another(session_store: SessionStore) -> None:
    """`after` is left out, `upto` is in."""
    session_store.append(say(*"abcdef"))
    assert [turn.anchor for turn in session_store.turns(after=2, upto=4)] == [3, 4]
    assert [turn.anchor for turn in session_store.turns(after=4)] == [5, 6]
    assert [turn.anchor for turn in session_store.turns(upto=1)] == [1]
    assert not list(session_store.turns(after=4, upto=2))
    assert [turn.anchor for turn in session_store.turns(after=-(10**30), upto=10**30)] == [1, 2, 3, 4, 5, 6]


def test_a_long_session_streams_whole(session_store: SessionStore) -> None:
    """More turns than come in one chunk, and single ones larger than a chunk."""
    session_store.append(say(*map(str, range(600)), "x" * 9_000_000, "y" * 9_000_000, "z"))
    assert anchors(session_store) == list(range(1, 604))


def test_what_is_appended_while_reading_is_read_too(session_store: SessionStore) -> None:
    """Between chunks nothing is held open, so a reader may write."""
    session_store.append(say(*map(str, range(256))))
    seen = 0
    for turn in session_store.turns():
        seen += 1
        if turn.anchor == 1:
            session_store.append(say("late"))
    assert seen == 257


def test_images_can_be_left_out(session_store: SessionStore) -> None:
    """They are most of the bytes; a fold wants only text."""
    (turn,) = session_store.append([Turn(role="user", text="look", images=(b"\x89PNG", b"", b"\xff\xd8"))])
    assert list(session_store.turns()) == [turn]
    assert list(session_store.turns(images=False)) == [replace(turn, images=())]


def test_the_head_is_the_system_turns_that_stand_first(session_store: SessionStore) -> None:
    """Later ones are turns like others."""
    assert session_store.head() == ()
    first = session_store.append([Turn(role="system", text="a"), Turn(role="system", text="b")])
    assert session_store.head() == first
    session_store.append([Turn(role="user"), Turn(role="system", text="c")])
    assert session_store.head() == first


def test_the_newest_question_up_to_an_anchor(session_store: SessionStore) -> None:
    """Only the user asks."""
    session_store.append([Turn(role=role) for role in ("assistant", "user", "tool", "user", "assistant")])
    found = [session_store.last_user(upto=upto) for upto in (0, 1, 2, 3, 4, 5, 10**30)]
    assert [turn and turn.anchor for turn in found] == [None, None, 2, 2, 4, 4, 4]


def test_a_pin_is_set_and_taken_away_and_counts_as_an_edit(session_store: SessionStore) -> None:
    """What already is as wanted is no edit."""
    session_store.append([*say("a", "b"), Turn(role="tool", pinned=True)])
    session_store.set_pinned(1, True)
    assert [turn.anchor for turn in session_store.list_pinned(upto=9)] == [1, 3]
    assert [turn.anchor for turn in session_store.list_pinned(upto=2)] == [1]
    assert session_store.state().edits == 1
    session_store.set_pinned(1, True)
    assert session_store.state().edits == 1
    session_store.set_pinned(1, False)
    assert [turn.anchor for turn in session_store.list_pinned(upto=9)] == [3]
    assert session_store.state().edits == 2


@pytest.mark.parametrize("anchor", [0, 2, -1, 10**30])
def test_what_is_not_there_cannot_be_pinned(session_store: SessionStore, anchor: int) -> None:
    """The message names session and anchor."""
    session_store.append(say("a"))
    with pytest.raises(StoreError, match=f"'chat' has no turn §{anchor}"):
        session_store.set_pinned(anchor, True)


def test_truncation_forgets_what_comes_after_and_gives_no_anchor_twice(session_store: SessionStore) -> None:
    """A citation of a forgotten turn must never point at another."""
    session_store.append(say(*"abcd"))
    assert session_store.truncate(after=2) == 2
    assert session_store.state() == SessionState(last_anchor=4, turns=2, edits=1)
    assert session_store.truncate(after=2) == 0
    assert session_store.state().edits == 1
    session_store.append(say("e"))
    assert anchors(session_store) == [1, 2, 5]
    assert session_store.truncate(after=-5) == 3
    assert session_store.truncate(after=10**30) == 0
    session_store.append(say("f"))
    assert anchors(session_store) == [6]


def test_deletion_forgets_those_turns_alone(session_store: SessionStore) -> None:
    """Anchors that are not there are passed over."""
    session_store.append(say(*"abcdefg"))
    assert session_store.delete([2, 3, 4, 6, 6, 99, -1, 10**30]) == 4
    assert anchors(session_store) == [1, 5, 7]
    assert session_store.state() == SessionState(last_anchor=7, turns=3, edits=1)
    assert session_store.delete({2}) == 0
    assert session_store.delete([7]) == 1
    assert anchors(session_store) == [1, 5]
    session_store.append(say("h"))
    assert anchors(session_store) == [1, 5, 8]


def test_a_cleared_session_is_gone_and_its_successor_is_not_taken_for_it(store: Store) -> None:
    """Whoever still holds the old `edits` must see that the past changed."""
    session_store = store.session("chat")
    session_store.append(say("a", "b"))
    session_store.set_pinned(1, True)
    session_store.set_pinned(1, False)
    before = session_store.state()
    session_store.clear()
    assert store.sessions() == ()
    assert session_store.state().edits > before.edits
    session_store.append(say("c"))
    assert anchors(session_store) == [1]
    assert session_store.state().edits > before.edits


def test_the_same_turn_twice_is_stored_once(session_store: SessionStore) -> None:
    """A caller who does not know whether a call went through makes it again."""
    turn = Turn(role="user", text="hi", id="m1", images=(b"png",))
    (first,) = session_store.append([turn])
    session_store.set_pinned(1, True)
    again = session_store.append(
        [turn, Turn(role="assistant", text="yes"), turn, replace(turn, time=first.time)]
    )
    assert [turn.anchor for turn in again] == [1, 2, 1, 1]
    assert again[0] == replace(first, pinned=True)
    assert anchors(session_store) == [1, 2]
    both = session_store.append([replace(turn, id="m2"), replace(turn, id="m2")])
    assert [turn.anchor for turn in both] == [3, 3]


SAID = Turn(role="user", text="hi", id="m1", images=(b"png",))


@pytest.mark.parametrize(
    "other",
    [
        replace(SAID, text="ho"),
        replace(SAID, role="tool"),
        replace(SAID, name="Ann"),
        replace(SAID, images=()),
        replace(SAID, time=NOON),
        replace(SAID, tool_call_id="c"),
    ],
)
def test_another_turn_under_an_old_id_is_refused_and_nothing_is_stored(
    session_store: SessionStore, other: Turn
) -> None:
    """The message names the id and where it stands."""
    session_store.append([*say("first"), SAID])
    with pytest.raises(StoreError, match="'m1' is already stored as §2, with another content"):
        session_store.append([*say("new"), other])
    assert anchors(session_store) == [1, 2]
    assert session_store.append(say("next"))[0].anchor == 3


def test_an_id_belongs_to_a_session(store: Store) -> None:
    """Two sessions may use the same, whatever it is."""
    for name in ("a", "b"):
        for id_ in ("", "m1", "\0", "x" * 5000, "\ud800"):
            store.session(name).append([Turn(role="user", text=name + id_[:5], id=id_)])
        assert [turn.id for turn in store.session(name).turns()] == ["", "m1", "\0", "x" * 5000, "\ud800"]


def test_an_import_keeps_anchors(session_store: SessionStore) -> None:
    """Gaps stay gaps; the next turn comes after the highest."""
    given = [Turn(role="user", text=str(anchor), anchor=anchor) for anchor in (3, 4, 10)]
    assert [turn.anchor for turn in session_store.append(given, keep_anchors=True)] == [3, 4, 10]
    assert anchors(session_store) == [3, 4, 10]
    assert session_store.search("10", k=1)[0].turn.anchor == 10
    assert session_store.append(given[:1])[0].anchor == 11


@pytest.mark.parametrize("wrong", [(5,), (4,), (9, 9), (9, 8), (None,), (2**63,), (0,), (-1,)])
def test_an_import_cannot_go_back(session_store: SessionStore, wrong: tuple[int | None, ...]) -> None:
    """All of it is refused, with the anchor and the session's last in the message."""
    session_store.append([Turn(role="user", anchor=5)], keep_anchors=True)
    with pytest.raises(StoreError, match=r"cannot keep its anchor .*: the session's last is \d"):
        session_store.append([Turn(role="user", anchor=anchor) for anchor in wrong], keep_anchors=True)
    assert anchors(session_store) == [5]


def test_a_fork_is_a_copy_that_goes_its_own_way(store: Store) -> None:
    """Turns, anchors, images, pins, search and identifiers are the same; then each is on its own."""
    session_store = store.session("chat")
    said = [Turn(role="user", text="see https://a.example/x1", images=(b"i",), pinned=True), *say("b", "c")]
    session_store.append(said)
    session_store.delete([2])
    fork = session_store.fork("fork")
    assert list(fork.turns()) == list(session_store.turns())
    assert (fork.identifiers(), fork.list_pinned(upto=9)) == (
        session_store.identifiers(),
        session_store.list_pinned(upto=9),
    )
    assert fork.search("example", k=5) == session_store.search("example", k=5) != ()
    assert (fork.state().last_anchor, fork.state().turns) == (3, 2)
    fork.truncate(after=1)
    assert (anchors(fork), anchors(session_store)) == ([1], [1, 3])
    session_store.clear()
    assert fork.search("example", k=5)[0].turn == fork.turn(1)
    assert fork.append(say("d"))[0].anchor == 4


def test_a_fork_never_writes_over_a_session(store: Store) -> None:
    """Nor over itself."""
    session_store = store.session("chat")
    session_store.append(say("a"))
    store.session("taken").append(say("b"))
    for name in ("taken", "chat"):
        with pytest.raises(StoreError, match=f"there is a session '{name}' already"):
            session_store.fork(name)
    assert [turn.text for turn in store.session("taken").turns()] == ["b"]


def test_sessions_are_listed_by_name(store: Store) -> None:
    """With how many turns, and when the first and the last were said."""
    for number, name in enumerate(["b", "a", "B"], start=1):
        store.session(name).append([replace(turn, time=NOON) for turn in say(*"xyz"[:number])])
    assert [(session.name, session.turns) for session in store.sessions()] == [("B", 3), ("a", 2), ("b", 1)]
    assert {session.first_time for session in store.sessions()} == {NOON}


@pytest.mark.parametrize("anchor", ["1", 1.5, True, None, float("nan"), b"1"])
def test_an_anchor_that_is_no_whole_number_is_refused(session_store: SessionStore, anchor: int) -> None:
    """And erases nothing: half an anchor once took the next turn with it, or left the one meant."""
    session_store.append(say("a", "b", "c"))
    for call in (
        lambda: session_store.delete([anchor]),
        lambda: session_store.truncate(after=anchor),
        lambda: session_store.set_pinned(anchor, True),
        lambda: session_store.turn(anchor),
        lambda: list(session_store.turns(after=anchor)),
    ):
        with pytest.raises(StoreError, match=r"an anchor is .*; give a whole number"):
            call()
    assert [turn.text for turn in session_store.turns()] == ["a", "b", "c"]


def test_a_session_whose_turns_are_all_forgotten_is_still_there(store: Store) -> None:
    """Its anchors must not be given again."""
    store.session("a").append(say("x"))
    store.session("a").truncate(after=0)
    (session,) = store.sessions()
    assert (session.turns, session.first_time, session.last_time) == (0, None, None)
