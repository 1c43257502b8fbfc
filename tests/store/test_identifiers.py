"""Every identifier that was ever said can be asked for, with where and how often."""

from __future__ import annotations

from glyph_memory.ledger import find_identifiers
from glyph_memory.store import SessionStore, Store
from glyph_memory.store.identifiers import MENTIONS
from glyph_memory.transcript import ToolCall, Turn

UUID = "550e8400-e29b-41d4-a716-446655440000"
PATH = "src/app/100%_done\\x.py"


def test_an_identifier_is_known_with_its_turns_and_its_count(session_store: SessionStore) -> None:
    """From texts and from what tools were called with; last mentioned, first told."""
    session_store.append(
        [
            Turn(role="user", text=f"{UUID} and again {UUID}"),
            Turn(role="user", text="see https://a.example/x1"),
            Turn(role="assistant", tool_calls=(ToolCall(name="get", arguments=f'{{"id": "{UUID}"}}'),)),
        ]
    )
    first, second = session_store.identifiers()
    assert (first.text, first.kind, first.count, first.anchors) == (UUID, "uuid", 3, (1, 3))
    assert (second.text, second.kind, second.count, second.anchors) == (
        "https://a.example/x1",
        "url",
        1,
        (2,),
    )
    assert session_store.identifiers(limit=1) == (first,)
    assert session_store.identifiers(limit=0) == session_store.identifiers(limit=-3) == ()


def test_nothing_in_a_text_to_look_for_is_a_pattern(session_store: SessionStore) -> None:
    """Percent, underscore and backslash are letters; case and width do not matter, as in every other search."""
    said = ["https://a.example/100%25_done", "https://a.example/100x25ydone", "https://a.example/STRASSE"]
    session_store.append([Turn(role="user", text=text) for text in said])

    def like(text: str) -> list[str]:
        return [known.text for known in session_store.identifiers(like=text)]

    assert like("100%25_") == said[:1]
    assert like("%") == said[:1]
    assert like("_") == said[:1]
    assert like("A.EXAMPLE/1") == [said[1], said[0]]
    assert like("straße") == like("ｓｔｒａｓｓｅ") == said[2:]
    assert [like(text) for text in ("\\", "'", "\0", "\ud800", "x" * 100_000)] == [[], [], [], [], []]


def test_occurrences_are_counted_up_to_an_anchor(session_store: SessionStore) -> None:
    """What was never said was said no times."""
    session_store.append([Turn(role="user", text=text) for text in (f"{UUID} {UUID}", "nothing", UUID)])
    assert session_store.occurrences([UUID, "no", "\ud800\0"], upto=2) == {UUID: 2, "no": 0, "\ud800\0": 0}
    assert session_store.occurrences([UUID], upto=3) == {UUID: 3}
    assert session_store.occurrences([UUID], upto=10**30) == {UUID: 3}
    assert session_store.occurrences([UUID], upto=0) == {UUID: 0}
    assert session_store.occurrences([], upto=9) == {}
    many = [f"{UUID}-{number}" for number in range(2000)]
    assert session_store.occurrences([*many, UUID], upto=9) == dict.fromkeys(many, 0) | {UUID: 3}


def test_of_what_every_turn_holds_the_latest_mentions_are_counted(session_store: SessionStore) -> None:
    """So that turn 10,000 is sealed as quickly as turn 1,000; an old one counts what was said until then."""
    session_store.append([Turn(role="user", text=f"{UUID} and again {UUID}")] * (MENTIONS + 10))
    assert session_store.occurrences([UUID], upto=10) == {UUID: 20}
    assert session_store.occurrences([UUID], upto=MENTIONS) == {UUID: 2 * MENTIONS}
    assert session_store.occurrences([UUID], upto=MENTIONS + 10) == {UUID: 2 * MENTIONS}


def test_forgotten_turns_take_their_identifiers_along(session_store: SessionStore) -> None:
    """One said elsewhere too stays, with what is left of it."""
    session_store.append(
        [Turn(role="user", text=text) for text in (UUID, f"{UUID} https://a.example/x1", "end")]
    )
    session_store.delete([2])
    (known,) = session_store.identifiers()
    assert (known.text, known.count, known.anchors) == (UUID, 1, (1,))
    assert session_store.occurrences([UUID, "https://a.example/x1"], upto=9) == {
        UUID: 1,
        "https://a.example/x1": 0,
    }


def test_all_that_the_ledger_finds_is_kept(store: Store) -> None:
    """A thousand identifiers in one turn, and none lost."""
    text = "\n".join(f"https://h{number}.example/p{number:04x} {number:032x}" for number in range(500))
    store.session("a").append([Turn(role="tool", text=text)])
    expected = {(found.text, found.kind, found.count) for found in find_identifiers(text)}
    known = store.session("a").identifiers(limit=10_000)
    assert {(one.text, one.kind, one.count) for one in known} == expected
    assert len(expected) >= 500


def test_a_copy_counts_what_was_said_before_and_after_it_was_made(session_store: SessionStore) -> None:
    """Each session looks identifiers up by digests of its own."""
    session_store.append([Turn(role="user", text="see https://example.org/a")])
    copy = session_store.fork("copy")
    copy.append([Turn(role="user", text="again https://example.org/a")])
    wanted = ["https://example.org/a"]
    assert copy.occurrences(wanted, upto=9) == {wanted[0]: 2}
    assert session_store.occurrences(wanted, upto=9) == {wanted[0]: 1}
    (known,) = copy.identifiers(like="example")
    assert known.anchors == (1, 2)
