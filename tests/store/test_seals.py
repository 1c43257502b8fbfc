"""Seals are appended in order, by whoever was first, as long as the past has not changed."""

from __future__ import annotations

import pytest

from glyph_memory.errors import StoreError
from glyph_memory.store import SealRecord, SessionStore, Store
from glyph_memory.transcript import Turn


def seals(*numbers: int) -> list[SealRecord]:
    """Return seals of these numbers."""
    return [SealRecord(number=number, digest=f"d{number}", body=f'{{"n": {number}}}') for number in numbers]


@pytest.fixture
def talk(session_store: SessionStore) -> SessionStore:
    """Return a session with two turns."""
    session_store.append([Turn(role="user", text="a"), Turn(role="assistant", text="b")])
    return session_store


def test_seals_come_back_by_number(talk: SessionStore) -> None:
    """And are stored exactly, surrogates and all."""
    odd = SealRecord(number=3, digest="\ud800", body="\0\udfff 😀")
    assert talk.add_seals(seals(1, 2), edits=0)
    assert talk.add_seals([odd], edits=0)
    assert talk.seals() == (*seals(1, 2), odd)
    assert talk.state().edits == 0


def test_whoever_comes_second_stores_nothing(talk: SessionStore) -> None:
    """Two processes that sealed the same turns: one seal stays."""
    assert talk.add_seals(seals(1), edits=0)
    assert not talk.add_seals(seals(1), edits=0)
    assert not talk.add_seals(seals(3), edits=0)
    assert not talk.add_seals(seals(0), edits=0)
    assert talk.seals() == tuple(seals(1))


def test_after_an_edit_old_seals_are_not_taken(talk: SessionStore) -> None:
    """They tell of turns that are not what they were."""
    talk.set_pinned(1, True)
    assert not talk.add_seals(seals(1), edits=0)
    assert talk.replace_seals(0, seals(1), edits=0) is None
    assert talk.seals() == ()
    assert talk.add_seals(seals(1), edits=1)


def test_replacing_drops_what_comes_after_and_is_an_edit(talk: SessionStore) -> None:
    """So that other processes read seals again."""
    talk.add_seals(seals(1, 2, 3), edits=0)
    other = SealRecord(number=2, digest="other", body="{}")
    assert talk.replace_seals(1, [other], edits=0) == 1
    assert talk.seals() == (*seals(1), other)
    assert talk.state().edits == 1
    assert talk.replace_seals(0, [], edits=1) == 2
    assert talk.seals() == ()
    assert talk.add_seals(seals(7), edits=2)


def test_numbers_have_to_follow_each_other(talk: SessionStore) -> None:
    """A gap is a mistake of the caller's, and nothing is stored."""
    talk.add_seals(seals(1, 2), edits=0)
    for wrong in (seals(3, 5), seals(4, 3), seals(3, 3), seals(-1, 0)):
        with pytest.raises(StoreError, match="numbered one after the other"):
            talk.add_seals(wrong, edits=0)
    with pytest.raises(StoreError, match="seal 5 does not continue what session 'chat' keeps up to 1"):
        talk.replace_seals(1, seals(5), edits=0)
    assert talk.seals() == tuple(seals(1, 2))
    assert talk.state().edits == 0


def test_forgetting_turns_leaves_seals_alone(talk: SessionStore) -> None:
    """Which of them go is not for the store to say."""
    talk.add_seals(seals(1), edits=0)
    talk.truncate(after=1)
    talk.delete([1])
    assert talk.seals() == tuple(seals(1))


def test_a_fork_has_the_seals_and_a_cleared_session_none(store: Store, talk: SessionStore) -> None:
    """Each has its own."""
    talk.add_seals(seals(1, 2), edits=0)
    fork = talk.fork("fork")
    talk.clear()
    assert (fork.seals(), talk.seals()) == (tuple(seals(1, 2)), ())
    assert not talk.add_seals(seals(1), edits=0)
    assert [session.name for session in store.sessions()] == ["fork"]
