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
        shelf = shared.session(name)
        shelf.clear()
        texts = [f"{said} a s1xa {query} {URL.format(f'owner{owner}')}" for _ in range(3)]
        shelf.append(
            [Turn(role="user", text=text, name=f"owner{owner}", pinned=True, id=said) for text in texts[:1]]
        )
        shelf.append([Turn(role="system", text=text, name=f"owner{owner}") for text in texts[1:]])
        shelf.add_seals([SealRecord(number=1, digest=name, body=said)], edits=shelf.state().edits)
    for owner, name in enumerate(names):
        shelf = shared.session(name)
        hits = [hit.turn for wanted in (query, "a", "example", name) for hit in shelf.search(wanted, k=99)]
        assert {turn.anchor for turn in hits} == {1, 2, 3}
        one = [turn for turn in (shelf.turn(anchor), shelf.last_user(upto=anchor)) if turn is not None]
        some = [
            *shelf.turns(after=anchor),
            *shelf.turns(upto=anchor),
            *shelf.list_pinned(upto=anchor),
            *shelf.head(),
        ]
        assert {turn.name for turn in (*hits, *one, *some, *shelf.turns())} == {f"owner{owner}"}
        known = {known.text for known in (*shelf.identifiers(like=like), *shelf.identifiers(limit=999))}
        assert not any(f"owner{other}" in text for text in known for other in range(3) if other != owner)
        others = [URL.format(f"owner{other}") for other in range(3) if other != owner]
        assert set(shelf.occurrences(others, upto=anchor).values()) == {0}
        assert [seal.digest for seal in shelf.seals()] == [name]
        assert shelf.state().turns == 3
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
            shelf = store.session(name)
        except StoreError:
            assert name == "" or "\0" in name or any("\ud800" <= letter <= "\udfff" for letter in name)
        else:
            shelf.append([Turn(role="user", text=name)])
            assert [session.name for session in store.sessions()] == [name]
