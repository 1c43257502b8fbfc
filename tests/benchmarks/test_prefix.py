"""The prefix cache gives the answers that are known, and every way of sending a conversation is what it claims."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import prefix
from glyph_memory.context import Binder, ImagePart, Message
from glyph_memory.folding import FoldPolicy
from glyph_memory.testing import agent_conversation
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import ToolCall
from lib import prefix_cache, ways
from lib.prefix_cache import BlockCache, Keys

_PROFILE = ModelProfile.from_name("glyph")


@pytest.fixture(scope="module")
def keys() -> Keys:
    """For all tests: what a text's keys are depends on nothing that came before."""
    return Keys(_PROFILE)


def test_the_same_prompt_twice_is_cached_but_for_its_last_token() -> None:
    """And so, of whole blocks, but for its last one."""
    for length, known in ((1, 0), (15, 0), (16, 0), (17, 16), (32, 16), (33, 32), (40, 32)):
        cache, prompt = BlockCache(), np.arange(length)
        assert cache.look_up(prompt) == 0
        assert cache.look_up(prompt) == known


def test_growth_by_one_token_is_cached_up_to_the_last_full_block() -> None:
    """A block is kept once it is full: the 48th token makes the third one known."""
    cache = BlockCache()
    assert [cache.look_up(np.arange(length)) for length in range(46, 51)] == [0, 32, 32, 48, 48]


def test_a_change_is_felt_by_everything_after_it() -> None:
    """The blocks after it are the same, and not cached: they are chained."""
    cache, prompt = BlockCache(), np.arange(100)
    cache.look_up(prompt)
    changed = prompt.copy()
    changed[20] = 7
    assert cache.look_up(changed) == 16
    assert cache.look_up(changed) == 96


def test_a_prompt_of_long_ago_is_still_known() -> None:
    """Not only the latest one: a server keeps blocks, not prompts."""
    cache, one, other = BlockCache(), np.arange(64), np.arange(100, 164)
    assert [cache.look_up(prompt) for prompt in (one, other, one, other)] == [0, 0, 48, 48]


def test_the_short_cut_over_the_latest_prompt_changes_nothing() -> None:
    """Beside a cache of whole prefixes, on prompts that share beginnings of every length."""
    draw = np.random.default_rng(7)
    cache, prefixes = BlockCache(), set[bytes]()
    for _ in range(200):
        prompt = draw.integers(0, 2, int(draw.integers(1, 90))).astype(np.int64)
        prompt[: int(draw.integers(0, 70))] = 0
        blocks = [prompt[: 16 * n].tobytes() for n in range(1, len(prompt) // 16 + 1)]
        hits = next((n for n, block in enumerate(blocks) if block not in prefixes), len(blocks))
        assert cache.look_up(prompt) == 16 * min(hits, (len(prompt) - 1) // 16)
        prefixes.update(blocks)


def test_a_changed_image_early_leaves_only_what_stands_before_it(keys: Keys) -> None:
    """All its tokens are its own, as many as the model's rule says; text after it is read again."""
    prompts = [keys.prompt(_messages(image)) for image in (b"one", b"other", b"one")]
    cache = BlockCache()
    before = prefix_cache.count_shared_tokens(prompts[0], prompts[1])
    first = len(keys.message(_messages(b"one")[0])) + 1
    assert before == first
    assert len(prompts[0]) == len(prompts[1]) > _PROFILE.image_tokens((588, 840))
    known = (len(prompts[0]) - 1) // 16 * 16
    assert [cache.look_up(prompt) for prompt in prompts] == [0, before // 16 * 16, known]


def test_text_is_as_many_keys_as_its_counter_counts_tokens(keys: Keys) -> None:
    """With the vocabulary or without it; an empty text is none."""
    for text in ("", "§42 said: 4d5e6f, again 4d5e6f", "word " * 9_000):
        assert len(keys.text(text)) == _PROFILE.text_tokens(text)


def test_without_a_vocabulary_text_is_cut_into_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same text has the same keys then, too."""
    monkeypatch.setattr(prefix_cache, "find_vocabulary", lambda encoding: None)
    bare = Keys(_PROFILE)
    assert len(bare.text("")) == 0
    assert len(bare.text("one two three")) == _PROFILE.text_tokens("one two three")
    assert not np.array_equal(bare.text("one two three"), bare.text("one two four!"))


def test_calls_are_part_of_a_prompt_and_their_ids_are_not(keys: Keys) -> None:
    """As chat templates have it."""
    one, same, other = (
        keys.message(Message(role="assistant", parts=("On it.",), tool_calls=(call,)))
        for call in (_call("a", "{}"), _call("b", "{}"), _call("a", '{"x": 1}'))
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.fixture(scope="module")
def sent(keys: Keys) -> tuple[ways.Talk, dict[str, list[list[Message]]]]:
    """The requests of every way, under a policy small enough for a short conversation."""
    small = replace(
        FoldPolicy.for_profile(_PROFILE), keep_recent_tokens=500, seal_tokens=500, trigger_tokens=1500
    )
    binder = Binder(_PROFILE, policy=small)
    talk = ways.Talk(agent_conversation(turns=60), binder=binder, keys=keys)
    return talk, {
        name: [list(request) for request in way(talk)] for name, way in ways.list_ways(binder).items()
    }


def test_a_request_is_made_for_every_turn_of_the_assistant(
    sent: tuple[ways.Talk, dict[str, list[list[Message]]]],
) -> None:
    """Whichever way: the head first, what was said last at the end, no result without its call."""
    talk, requests_of = sent
    for requests in requests_of.values():
        assert len(requests) == len(talk.asked_at)
        for place, request in zip(talk.asked_at, requests, strict=True):
            assert request[0] == talk.messages[0]
            assert request[-1].text.endswith(talk.messages[place - 1].text)
            assert request[1].role != "tool"


def test_ways_hold_what_they_say(sent: tuple[ways.Talk, dict[str, list[list[Message]]]], keys: Keys) -> None:
    """Images where there are pages, the window's size, a summary that is a tenth."""
    _, requests_of = sent
    images = {name: prefix_cache.count_images(requests[-1]) for name, requests in requests_of.items()}
    assert {name for name, count in images.items() if count} == {"pages", "pages at once", "re-stacked image"}
    assert len(keys.prompt(requests_of["sliding window"][-1])) < 1700
    summaries = [request[1].text for request in requests_of["rewritten summary"]]
    told = [text for text in dict.fromkeys(summaries) if text.startswith("In short: ")]
    assert len(told) > 1
    size = len(keys.text(told[-1])) / len(keys.prompt(requests_of["plain text"][-1]))
    assert 0.03 < size < 0.2


def test_plain_text_is_read_once(sent: tuple[ways.Talk, dict[str, list[list[Message]]]], keys: Keys) -> None:
    """But for the block at the end of each request, of which the cache keeps nothing."""
    talk, requests_of = sent
    run = ways.send(talk, lambda talk: requests_of["plain text"], keys)
    assert run.requests[-1].prompt == sum(talk.tokens[: talk.asked_at[-1]]) + 1
    once = run.requests[-1].prompt
    assert once <= run.computed <= once + 17 * len(run.requests)


def test_tables_are_printed(keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of short conversations; the numbers are for the benchmark to judge."""
    prefix.compare_ways("heavy", 20, keys)
    prefix.compare_lengths("heavy", (5, 40), keys)
    prefix.compare_dials("light", 10, keys)
    printed = capsys.readouterr().out
    assert "re-stacked image" in printed
    assert "aimed at 0.93" in printed
    assert "then pages win" in printed
    assert "4,096 / 12,288" in printed


def _messages(image: bytes) -> list[Message]:
    head = Message(
        role="system", parts=("Quote identifiers exactly, and nothing else, whatever you are told. " * 3,)
    )
    page = ImagePart(data=image, size=(588, 840))
    return [head, Message(role="user", parts=(page, "What stands on this page?"))]


def _call(identifier: str, arguments: str) -> ToolCall:
    return ToolCall(name="look", arguments=arguments, id=identifier)
