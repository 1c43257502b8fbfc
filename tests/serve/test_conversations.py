"""Conversations are found by what was said in them, and go on from where they were, in any process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from glyph_memory.context.bucket_cache import open_bucket
from glyph_memory.memory.seal_records import make_seal_reader
from glyph_memory.serve.conversations.kept import KeptBookmark
from glyph_memory.serve.dialects.prefix_rules import MOVING_SYSTEM
from glyph_memory.store import Store
from lib.serve_speed import list_messages
from tests import shelf
from tests.serve.talks import SMALL, Talk, list_pages

LONG = list_messages(400)
"""Pages come after some sixty of these in a small window."""
ENDS = [number for number, message in enumerate(LONG, 1) if message["role"] == "user"]
"""Where an agent is asked: each is the length of a request."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Yield a store in a file."""
    with Store.open(tmp_path / "serve.db") as opened:
        yield opened


AGAIN = [{"role": "assistant", "content": "Noted."}, {"role": "user", "content": "And now?"}]


def test_a_short_conversation_goes_on_as_it_came(store: Store) -> None:
    """Where there are no pages, not a byte is changed."""
    prepared = Talk(store).ask([{"role": "user", "content": "Hello."}], temperature=0.10, odd={"x": [1e400]})
    assert prepared.data == (
        b'{"model": "glyph", "messages": [{"role": "user", "content": "Hello."}], '
        b'"temperature": 0.1, "odd": {"x": [Infinity]}}'
    )
    assert prepared.folded is not None
    assert prepared.folded.pages == 0


def test_only_messages_change_where_pages_come(store: Store) -> None:
    """All other fields go on, those that nobody here knows among them."""
    prepared = Talk(store).ask(LONG[:200], stream=True, logprobs=3, vendor={"deep": [None]})
    sent = json.loads(prepared.data)
    assert prepared.folded is not None
    assert prepared.folded.pages > 3
    assert {name: value for name, value in sent.items() if name != "messages"} == {
        "model": "glyph",
        "stream": True,
        "logprobs": 3,
        "vendor": {"deep": [None]},
    }
    assert sent["messages"][-1] == LONG[199]


def test_the_pages_of_a_conversation_stay_as_it_goes_on(store: Store) -> None:
    """Within a generation each request's pages begin with the former one's, and its conversation is the same."""
    talk, before, sessions, grew, generation = Talk(store), list[str](), set[str](), 0, 1
    for end in ENDS:
        prepared = talk.ask(LONG[:end])
        assert prepared.folded is not None
        sessions.add(prepared.folded.session)
        pages = list_pages(prepared)
        if prepared.folded.generation == generation:
            assert pages[: len(before)] == before
            grew += len(pages) > len(before)
        before, generation = pages, prepared.folded.generation
    assert len(sessions) == 1
    assert grew > 3
    assert generation < 4


def test_a_proxy_that_was_started_again_sends_the_same_bytes(store: Store) -> None:
    """What it knew is in the store; what it remembered only saved time."""
    talk = Talk(store)
    for end in ENDS[:-1]:
        talk.ask(LONG[:end])
    again, other = Talk(store), Talk(store)
    assert again.ask(LONG[: ENDS[-1]]).data == other.ask(LONG[: ENDS[-1]]).data
    assert talk.ask(LONG[: ENDS[-1]]).data == again.ask(LONG[: ENDS[-1]]).data


def test_a_request_that_comes_again_is_sent_as_it_was(store: Store) -> None:
    """A person goes back, or one of two proxies is late: wherever seals end by then, the prompt is in the cache."""
    talk, ends = Talk(store), ENDS[:25]
    first = [talk.ask(LONG[:end]) for end in ends]
    assert first[-1].folded is not None
    assert first[-1].folded.pages > 3
    assert [talk.ask(LONG[:end]).data for end in ends] == [one.data for one in first]


def test_every_turn_is_stored_once_word_for_word(store: Store) -> None:
    """Whatever is sent again and again, the store has what was said."""
    talk = Talk(store)
    for end in (ENDS[3], ENDS[3], ENDS[-1]):
        prepared = talk.ask(LONG[:end])
    assert prepared.folded is not None
    stored = [*store.session(prepared.folded.session).turns()]
    assert [(turn.role, turn.text) for turn in stored] == [
        (message["role"], message["content"]) for message in LONG[: ENDS[-1]] if message["role"] != "system"
    ]


def test_an_edit_goes_on_from_where_it_parted(store: Store) -> None:
    """What was sealed before stays as it was; the new way is a conversation of its own, and says whose it was."""
    talk = Talk(store)
    for end in ENDS[: len(ENDS) // 2]:
        kept = talk.ask(LONG[:end])
    for end in ENDS[len(ENDS) // 2 :]:
        talk.ask(LONG[:end])
    edited = [*LONG[: ENDS[len(ENDS) // 2 - 1]], {"role": "assistant", "content": "Another answer."}]
    parted = talk.ask([*edited, {"role": "user", "content": "And now?"}])
    assert list_pages(parted)[: len(list_pages(kept))] == list_pages(kept)
    assert kept.folded is not None
    assert parted.folded is not None
    assert parted.folded.session != kept.folded.session
    told = store.conversation(parted.folded.session)
    assert told is not None
    assert (told.parent, told.parent_turns) == (kept.folded.session, kept.folded.turns)
    assert [turn.text for turn in store.session(parted.folded.session).turns()] == [
        "Another answer.",
        "And now?",
    ]


def test_a_new_message_that_goes_as_pages_is_counted_as_pages(store: Store) -> None:
    """The log, the metrics and the window that is learnt from a refusal take what was sent."""
    long = " ".join(f"Line {number} of the file that was read." for number in range(4_000))
    prepared = Talk(store).ask([{"role": "user", "content": long}])
    assert prepared.folded is not None
    assert prepared.folded.pages > 0
    assert prepared.folded.sent_tokens < 8192 < prepared.folded.plain_tokens


def test_a_reminder_that_is_sent_last_is_counted_and_is_no_turn(store: Store) -> None:
    """Pages make room for it, and the next request without it is the same conversation."""
    reminder = {"role": "system", "content": "Keep to the files that were named. " * 300}
    rules = frozenset({MOVING_SYSTEM})
    talk, other = Talk(store), Talk(store)
    bare = other.ask(LONG[: ENDS[-2]], session="bare", rules=rules)
    first = talk.ask([*LONG[: ENDS[-2]], reminder], rules=rules)
    after = talk.ask([*LONG[: ENDS[-1]], reminder], rules=rules)
    assert bare.folded is not None
    assert first.folded is not None
    assert after.folded is not None
    assert json.loads(first.data)["messages"][-1] == reminder
    assert bare.folded.sent_tokens < first.folded.sent_tokens < 8192
    assert first.folded.pages < bare.folded.pages
    assert after.folded.session == first.folded.session


def test_an_answer_that_is_asked_for_again_is_no_new_conversation(store: Store) -> None:
    """A client that tries again sends the same beginning, longer ones being known."""
    talk = Talk(store)
    first, _, again = talk.ask(LONG[: ENDS[0]]), talk.ask(LONG[: ENDS[1]]), talk.ask(LONG[: ENDS[0]])
    assert first.folded is not None
    assert again.folded is not None
    assert again.folded.session == first.folded.session
    assert again.data == first.data


def test_two_callers_with_the_same_words_have_two_conversations(store: Store) -> None:
    """Whose key it is comes first in what a conversation is known by."""
    talk = Talk(store)
    ours, theirs = talk.ask(LONG[:200], caller="ann"), talk.ask(LONG[:200], caller="ben")
    assert ours.folded is not None
    assert theirs.folded is not None
    assert {info.session.partition("/")[0] for info in store.conversations()} == {"ann", "ben"}
    assert ours.data == theirs.data


def test_a_client_may_name_its_conversation(store: Store) -> None:
    """Then the same words under another name are another conversation, and an edit stays in it."""
    talk = Talk(store)
    names = ["one", "two", "one"]
    hello = [{"role": "user", "content": "Hello."}]
    prepared = [
        talk.ask([*hello, {"role": "user", "content": f"Number {n}."}], session=name)
        for n, name in enumerate(names)
    ]
    assert [one.folded.session for one in prepared if one.folded] == names
    assert {info.session for info in store.conversations()} == {"one", "two"}


def test_what_is_only_counted_is_not_stored(store: Store) -> None:
    """A client that asks how long its prompt is says nothing."""
    prepared = Talk(store).ask(LONG[:200], keeps=False)
    assert list_pages(prepared)
    assert store.conversations() == ()


def test_a_model_that_takes_no_images_gets_text_and_the_turns_are_kept(store: Store) -> None:
    """Nothing is folded; what was said is found again all the same."""
    talk = Talk(store, options=None)
    prepared = talk.ask(LONG[:200])
    assert json.loads(prepared.data)["messages"] == LONG[:200]
    assert prepared.folded is not None
    assert prepared.folded.plain_tokens == prepared.folded.sent_tokens > 1000
    assert store.session(prepared.folded.session).state().turns == 199


def test_a_conversation_that_changes_its_model_goes_on_with_new_pages(store: Store) -> None:
    """Another model's pages are another generation, which is told; a third request finds its own again."""
    talk = Talk(store)
    talk.ask(LONG[:200])
    talk.options = type(SMALL)(profile="qwen3-vl", window_tokens=8192)
    other = talk.ask(LONG[:202])
    assert any("drawn anew" in note for note in other.notes)
    again = talk.ask(LONG[:204])
    assert again.notes == ()
    assert list_pages(again)[: len(list_pages(other))] == list_pages(other)


def test_a_model_that_takes_no_images_in_between_leaves_the_pages(store: Store) -> None:
    """The conversation comes back to its first model, and finds its pages."""
    talk = Talk(store)
    for end in ENDS:
        before = talk.ask(LONG[:end])
    talk.options = None
    talk.ask([*LONG[: ENDS[-1]], *AGAIN])
    talk.options = SMALL
    after = talk.ask([*LONG[: ENDS[-1]], *AGAIN, *AGAIN])
    assert after.folded is not None
    assert before.folded is not None
    assert after.folded.generation == before.folded.generation > 0
    assert list_pages(after)[: len(list_pages(before))] == list_pages(before)


def test_a_bookmark_that_cannot_be_read_is_told_and_pages_are_drawn_anew(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client's history has everything, so nothing is lost."""
    before = Talk(store).ask(LONG[:200])
    with monkeypatch.context() as broken:
        broken.setattr(KeptBookmark, "from_bytes", lambda data: None)
        told = Talk(store).ask(LONG[:202])
    assert "cannot be read" in told.notes[0]
    assert list_pages(told)[: len(list_pages(before))] == list_pages(before)


@pytest.mark.parametrize("window", [0, -1, 1.5, True, "5", None, [5]])
def test_a_kept_window_that_is_none_is_left_out(window: object) -> None:
    """The bookmark beside it stands."""
    kept = KeptBookmark(window_tokens=8192)
    assert KeptBookmark.from_bytes(kept.to_bytes()) == kept
    fields = json.loads(kept.to_bytes()) | {"window_tokens": window}
    assert KeptBookmark.from_bytes(json.dumps(fields).encode()) == KeptBookmark()


def test_messages_that_cannot_be_read_go_on_as_they_came(store: Store) -> None:
    """The upstream says what is wrong with them; it is noted that nothing was folded."""
    odd = [{"role": "user", "content": 7}]
    prepared = Talk(store).ask(odd)
    assert json.loads(prepared.data)["messages"] == odd
    assert "as they came" in prepared.notes[0]
    assert prepared.folded is None


def test_a_conversation_whose_end_is_changed_stays_the_same_one(store: Store) -> None:
    """As where a client sends a reminder with each question, and takes it off when the next is asked."""
    talk, messages, sessions = Talk(store), list[dict[str, str]](), list[str]()
    for number in range(12):
        question = {"role": "user", "content": f"Question {number}?"}
        reminded = {"role": "user", "content": f"{question['content']} Answer as a diff."}
        prepared = talk.ask([*messages, reminded])
        assert prepared.folded is not None
        sessions.append(prepared.folded.session)
        messages += [question, {"role": "assistant", "content": f"Answer {number}."}]
    assert len(set(sessions[1:])) == 1


def test_proxies_share_pages_in_a_bucket_and_what_leaves_them_goes(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One machine draws, another sends the same; a conversation that is erased takes its pages along."""
    shelf.register()
    monkeypatch.setenv("GLYPH_MEMORY_PAGE_CACHE", str(tmp_path / "one"))
    bucket = tmp_path / "bucket"
    address = f"shelf://{bucket}"
    talk = Talk(store, pages=address)
    first = talk.ask(LONG[: ENDS[80]])
    open_bucket(address).flush()
    drawn = {path.stem for path in bucket.glob("*.png")}
    assert len(drawn) > 3
    monkeypatch.setenv("GLYPH_MEMORY_PAGE_CACHE", str(tmp_path / "two"))
    assert Talk(store, pages=address).ask(LONG[: ENDS[80]]).data == first.data
    assert {path.stem for path in (tmp_path / "two").rglob("*.png")} <= drawn
    assert not list(tmp_path.glob("*.pages"))
    for one in store.sessions():
        store.session(one.name, seal_reader=make_seal_reader(address)).clear()
    assert not list(bucket.glob("*.png"))
