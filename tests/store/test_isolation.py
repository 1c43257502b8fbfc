"""Whatever names, queries and anchors are made of, nothing of another session ever comes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glyph_memory.errors import StoreError
from glyph_memory.store import SealRecord, Store
from glyph_memory.transcript import Turn

ALPHABET = "aAsx1 %_\\'\";:-*^(){}|&!\n\0\ud800éé東😀"
TEXT = st.text(st.sampled_from(ALPHABET), max_size=8)
NAME = st.text(st.sampled_from(ALPHABET.replace("\0", "").replace("\ud800", "")), min_size=1, max_size=5)
ANCHOR = st.one_of(st.integers(-2, 9), st.integers())
URL = "https://{}.example/a%_1"


@pytest.fixture(scope="module", params=["memory", "postgresql"])
def shared(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Open one store for all examples."""
    url = request.getfixturevalue("module_postgres_url") if request.param == "postgresql" else ":memory:"
    with Store.open(url) as store:
        yield store


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(NAME, min_size=2, max_size=3, unique=True), query=TEXT, like=TEXT, anchor=ANCHOR, said=TEXT
)
def test_nothing_comes_from_another_session(
    shared: Store, names: list[str], query: str, like: str, anchor: int, said: str
) -> None:
    """All say the same, signed with their own name; each answer bears the asker's signature alone."""
    for owner, name in enumerate(names):
        session_store = shared.session(name)
        session_store.clear()
        texts = [f"{said} a s1xa {query} {URL.format(f'owner{owner}')}" for _ in range(3)]
        session_store.append(
            [Turn(role="user", text=text, name=f"owner{owner}", pinned=True, id=said) for text in texts[:1]]
        )
        session_store.append([Turn(role="system", text=text, name=f"owner{owner}") for text in texts[1:]])
        session_store.add_seals(
            [SealRecord(number=1, digest=name, body=said)], edits=session_store.state().edits
        )
    for owner, name in enumerate(names):
        session_store = shared.session(name)
        hits = [
            hit.turn for wanted in (query, "a", "example", name) for hit in session_store.search(wanted, k=99)
        ]
        assert {turn.anchor for turn in hits} == {1, 2, 3}
        one = [
            turn
            for turn in (session_store.turn(anchor), session_store.last_user(upto=anchor))
            if turn is not None
        ]
        some = [
            *session_store.turns(after=anchor),
            *session_store.turns(upto=anchor),
            *session_store.list_pinned(upto=anchor),
            *session_store.head(),
        ]
        assert {turn.name for turn in (*hits, *one, *some, *session_store.turns())} == {f"owner{owner}"}
        known = {
            known.text
            for known in (*session_store.identifiers(like=like), *session_store.identifiers(limit=999))
        }
        assert not any(f"owner{other}" in text for text in known for other in range(3) if other != owner)
        others = [URL.format(f"owner{other}") for other in range(3) if other != owner]
        assert set(session_store.occurrences(others, upto=anchor).values()) == {0}
        assert [seal.digest for seal in session_store.seals()] == [name]
        assert session_store.state().turns == 3
    shared.session(names[0]).truncate(after=anchor)
    shared.session(names[0]).delete([anchor, 1])
    assert [turn.anchor for turn in shared.session(names[1]).turns()] == [1, 2, 3]
    for name in names:
        shared.session(name).clear()


@given(name=st.text(max_size=30))
def test_every_name_is_a_session_or_refused_at_once(name: str) -> None:
    """There is no third way."""
    with Store.open(":memory:") as store:
        try:
            session_store = store.session(name)
        except StoreError:
            assert name == "" or "\0" in name or any("\ud800" <= letter <= "\udfff" for letter in name)
        else:
            session_store.append([Turn(role="user", text=name)])
            assert [session.name for session in store.sessions()] == [name]
