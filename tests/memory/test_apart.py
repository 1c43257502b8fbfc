"""Sessions are apart: whatever a session, a query, a pattern or an anchor is called, nobody meets another's words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory import GlyphMemory, StoreError, Turn
from glyph_memory.store import Store
from glyph_memory.testing import agent_conversation
from tests.memory.worker import small

OURS, THEIRS = "mine-7b1c0d2e", "theirs-55d0aa91"
HOSTILE = (
    "' OR 1=1 --", '"; DROP TABLE glyph_turns; --', "%", "_", "*", "\\", "theirs*", "NEAR(a b)", "a OR b", "s2xtheirs",
    "s2x", "s1x", "words:theirs", "^theirs", "-", "(", '"', "''", "theirs", THEIRS, "../../etc/passwd", "§1 OR 1=1",
    "page 1", "\u202e", "NULL", "default", "{theirs}", "col:*", "+theirs", "AND", "NOT theirs", "İ", "ﬁ",
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=40), st.tuples(*[st.sampled_from(HOSTILE)] * 2).map(" ".join)
)
NAMES = TEXTS.filter(
    lambda name: name != "" and "\0" not in name and not any("\ud800" <= c <= "\udfff" for c in name)
)
PLACES = st.one_of(
    st.integers(), st.sampled_from([0, -1, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30]), TEXTS,
    st.integers().map(lambda n: f"§{n}"), st.integers().map(lambda n: f"page {n}"),
)  # fmt: skip


def tell(memory: GlyphMemory, word: str) -> None:
    """Add a word to every turn of a conversation."""
    turns = agent_conversation(turns=24).turns
    memory.extend(Turn(role=turn.role, text=f"{word} {turn.text}") for turn in turns)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """Hold a session of theirs, told before ours and after it."""
    with Store.open(":memory:") as store:
        with small(store, session="theirs") as memory:
            tell(memory, THEIRS)
        with small(store, session="mine") as memory:
            tell(memory, OURS)
        with small(store, session="theirs") as memory:
            tell(memory, THEIRS)
        yield store


@given(query=TEXTS, place=PLACES, like=TEXTS)
@settings(max_examples=150, deadline=None)
def test_no_argument_reaches_another_session(store: Store, query: str, place: int | str, like: str) -> None:
    """Neither search nor zoom nor identifiers nor recent turns; an anchor is looked up in the session alone."""
    with small(store, session="mine") as memory:
        for passage in memory.recall(query, k=50):
            assert THEIRS not in passage.turn.text
            assert OURS in passage.turn.text
        assert not any(THEIRS in known.text for known in memory.identifiers(like=like))
        try:
            zoomed = memory.zoom(place)
        except StoreError as error:
            assert THEIRS not in str(error) or THEIRS in str(place)
            assert "\n" not in str(error)
        else:
            assert THEIRS not in zoomed.text
            assert all(OURS in turn.text for turn in zoomed.turns)


@given(name=NAMES)
@settings(max_examples=60, deadline=None)
def test_no_name_opens_another_session(store: Store, name: str) -> None:
    """Names are compared exactly: one that only looks like another's is empty."""
    with small(store, session=name) as memory:
        assert memory.session == name
        if name not in {"theirs", "mine"}:
            assert list(memory.turns()) == []
            assert memory.context().messages == ()
            assert memory.recall("theirs mine") == ()


@given(pair=st.tuples(NAMES, NAMES).filter(lambda pair: pair[0] != pair[1]))
@settings(max_examples=25, deadline=None)
def test_two_names_are_two_sessions(pair: tuple[str, str]) -> None:
    """Erasing one leaves the other whole."""
    with (
        Store.open(":memory:") as store,
        small(store, session=pair[0]) as one,
        small(store, session=pair[1]) as other,
    ):
        one.add("user", "alpha")
        other.add("user", "beta")
        assert [turn.text for turn in one.turns()] == ["alpha"]
        assert one.recall("beta") == ()
        one.clear()
        assert [turn.text for turn in other.turns()] == ["beta"]
        assert other.recall("beta")


def test_anchors_and_pages_count_from_one_in_each_session(store: Store) -> None:
    """So a number tells nothing of other sessions."""
    with small(store, session="mine") as mine, small(store, session="theirs") as theirs:
        assert len(list(theirs.turns())) > len(list(mine.turns()))
        assert mine.zoom("page 1").text != theirs.zoom("page 1").text
        with pytest.raises(StoreError, match="no turn"):
            mine.zoom(len(list(mine.turns())) + 1)


def test_scores_tell_nothing_of_other_sessions() -> None:
    """A search gives the same scores whatever others say."""
    with (
        Store.open(":memory:") as store,
        small(store, session="mine") as mine,
        small(store, session="x") as other,
    ):
        tell(mine, OURS)
        alone = [(hit.anchor, hit.score) for hit in mine.recall("checkout service", k=20)]
        tell(other, "checkout service")
        assert [(hit.anchor, hit.score) for hit in mine.recall("checkout service", k=20)] == alone


def test_names_of_images_are_the_stores_own(tmp_path: Path, talk: tuple[Turn, ...]) -> None:
    """The same page has one name in one store, for its server's cache, and another in another store."""

    def names(database: Path, session: str) -> list[str | None]:
        with small(database, session=session) as memory:
            if not list(memory.turns()):
                memory.extend(talk)
            return [image.uuid for image in memory.context().images]

    here, there = tmp_path / "here.db", tmp_path / "there.db"
    first = names(here, "a")
    assert len(first) > 3
    assert None not in first
    assert names(here, "a") == names(here, "b") == first
    assert set(names(there, "a")).isdisjoint(first)
    with small(here, session="a") as memory:
        digests = {page.digest for page in memory.pages()}
    assert digests.isdisjoint(first)
