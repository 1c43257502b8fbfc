"""How well does a server's prefix cache hold over a conversation, and from which length do pages pay?

An agent's conversation is sent turn by turn, a request before every assistant's turn with everything before it, in
five ways, in one run:

* *pages*: ours, `step` and `write_context` under the policy that fits the profile.
* *plain text*: the whole history; the prefix only ever grows.
* *sliding window*: the newest turns that come to `trigger_tokens` at the most; the older ones are forgotten.
* *rewritten summary*: when the turns that are text exceed `trigger_tokens`, all but the newest
  `keep_recent_tokens` are summed up anew in a tenth of the words of everything older.
* *re-stacked image*: at every request all but the newest `keep_recent_tokens` are typeset again as one stack,
  oldest first, so that its last page is never the same twice. No captions, no ledger.

Aimed at: 0.90 of ours cached under that policy. Then: short histories, where plain text wins; and the dials.

    python benchmarks/prefix.py [--quick]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from prefix_cache import BlockCache, Keys, count_images
from report import print_table, write_results

from glyph_memory.context import Binder, ImagePart, Message, Parts, write_context, write_turns
from glyph_memory.folding import Fold, FoldPolicy, Seal, step
from glyph_memory.testing import agent_conversation
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting import typeset

PROFILE = "glyph"
CACHED_TARGET = 0.90
TOOL_LINES = {"light": None, "heavy": 60}
"""Of the two conversations: results of a few lines, and whole files and logs."""

_LENGTHS = (5, 10, 20, 50, 100, 200, 400, 1000)
_DIALS = ((1024, 3072), (1024, 12_288), (4096, 12_288), (4096, 24_576), (8192, 24_576))
"""`keep_recent_tokens` and `trigger_tokens`."""
_NOTES = """
cached      tokens in leading blocks of 16 that an earlier request of the same run had; nothing is ever dropped
computed    prompt less cached
recomputed  computed, for every token that the conversation has as text; plain text needs 1, and pages less where a
            result is so long that it becomes pages before it was ever read as text
not counted as cached: answers, whose blocks a server may have from decoding; every way is charged for them once
not counted at all: writing the summaries; encoding an image again where what is cached ends inside it; tools'
            descriptions, ids of calls, and most of what a chat template puts round messages, which the policy
            counts at its most
not the same: pages show every turn until the oldest leave; window and summary have lost what they left out, and
            the stack has no captions and no ledger"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request, as the server saw it."""

    turns: int
    """How many turns were said before it."""
    prompt: int
    """Its tokens."""
    cached: int
    """Those that the prefix cache had."""
    images: int
    """How many."""

    @property
    def computed(self) -> int:
        """Tokens the server had to read."""
        return self.prompt - self.cached


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestLog:
    """All requests of a conversation, sent in one way."""

    requests: tuple[Request, ...]
    """In order."""

    @property
    def prompts(self) -> int:
        """Tokens of all prompts."""
        return sum(request.prompt for request in self.requests)

    @property
    def computed(self) -> int:
        """Tokens of all prompts that the server had to read."""
        return sum(request.computed for request in self.requests)

    @property
    def cached_share(self) -> float:
        """Tokens that the cache had, of all."""
        return 1 - self.computed / self.prompts

    @property
    def largest(self) -> Request:
        """The request with the most tokens."""
        return max(self.requests, key=lambda request: request.prompt)

    def limit_turns(self, turns: int) -> RequestLog:
        """Return the requests within the first so many turns."""
        return RequestLog(requests=tuple(request for request in self.requests if request.turns < turns))


class Talk:
    """A conversation, with messages and token counts prepared once for every way to send it."""

    def __init__(self, conversation: Transcript, *, binder: Binder, keys: Keys) -> None:
        self.turns = [replace(turn, anchor=place) for place, turn in enumerate(conversation, 1)]
        head, rest = self.turns[0], self.turns[1:]
        self.messages = [
            Message(role="system", parts=(binder.cleaner.clean(head.text),)),
            *write_turns(rest, binder),
        ]
        if len(self.messages) != len(self.turns):
            raise ValueError("messages were joined or parted; this benchmark takes one for every turn")
        self.tokens = [len(keys.message(message)) for message in self.messages]

    @property
    def asked_at(self) -> list[int]:
        """How many turns stand before each assistant's."""
        return [place for place, turn in enumerate(self.turns) if turn.role == "assistant"]

    def find_newest(self, stop: int, at_most_tokens: int) -> int:
        """Return the first of the newest turns before `stop` that fit so many tokens; calls stay with their results."""
        begin, spent = stop, 0
        for place in range(stop - 1, 0, -1):
            spent += self.tokens[place]
            if spent > at_most_tokens and begin < stop:
                break
            if self.turns[place].role != "tool":
                begin = place
        return begin


Way = Callable[[Talk], Iterable[Sequence[Message]]]
"""Gives the messages of every request, in order."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write the numbers."""
    parser = argparse.ArgumentParser(
        description="Send an agent's conversation in five ways; watch the cache."
    )
    parser.add_argument("--quick", action="store_true", help="shorter conversations, no dials")
    options = parser.parse_args(arguments)
    turns, lengths = (60, _LENGTHS[:5]) if options.quick else (200, _LENGTHS)
    profile = ModelProfile.from_name(PROFILE)
    keys = Keys(profile)
    results: dict[str, object] = {"profile": profile.name, "keys": keys.name, "aim": CACHED_TARGET}
    results["quick"] = options.quick
    results["ways"] = {kind: compare_ways(kind, turns, keys) for kind in TOOL_LINES}
    results["lengths"] = {kind: compare_lengths(kind, lengths, keys) for kind in TOOL_LINES}
    if not options.quick:
        results["dials"] = {kind: compare_dials(kind, turns, keys) for kind in TOOL_LINES}
    print(_NOTES)
    write_results("prefix", results)


def compare_ways(kind: str, turns: int, keys: Keys) -> Mapping[str, object]:
    """Send a conversation in every way."""
    binder = Binder(PROFILE)
    talk = Talk(agent_conversation(turns=turns, tool_lines=TOOL_LINES[kind]), binder=binder, keys=keys)
    new = _count_new_tokens(talk)
    runs = {name: send(talk, way, keys) for name, way in list_ways(binder).items()}
    counted = sum(binder.count_message_tokens(turn) for turn in talk.turns[: talk.asked_at[-1]])
    print_table(
        f"{kind} conversation, {turns} turns, {new:,} tokens of text ({counted:,} as the policy counts)",
        ("sent as", "all prompts", "cached", "recomputed", "largest", "images then", "last"),
        [
            (
                name,
                run.prompts,
                run.cached_share,
                run.computed / new,
                run.largest.prompt,
                run.largest.images,
                run.requests[-1].prompt,
            )
            for name, run in runs.items()
        ],
    )
    share = runs["pages"].cached_share
    print(f"  pages: {share:.3f} cached; aimed at {CACHED_TARGET:.2f}: {_verdict(share >= CACHED_TARGET)}")
    return {"tokens": new, "counted": counted, **{name: _summarize(run, new) for name, run in runs.items()}}


def compare_lengths(kind: str, lengths: Sequence[int], keys: Keys) -> list[dict[str, object]]:
    """Send a conversation as pages and as plain text, and compare both after several numbers of turns."""
    binder = Binder(PROFILE)
    talk = Talk(agent_conversation(turns=lengths[-1], tool_lines=TOOL_LINES[kind]), binder=binder, keys=keys)
    chosen = list_ways(binder)
    text, pages = (send(talk, chosen[name], keys) for name in ("plain text", "pages"))
    rows = []
    for length in lengths:
        ours, plain = pages.limit_turns(length), text.limit_turns(length)
        rows.append(
            {
                "turns": length,
                "plain, last": plain.requests[-1].prompt,
                "pages, last": ours.requests[-1].prompt,
                "plain, all": plain.prompts,
                "pages, all": ours.prompts,
                "plain, computed": plain.computed,
                "pages, computed": ours.computed,
                "plain, cached": plain.cached_share,
                "pages, cached": ours.cached_share,
            }
        )
    print_table(
        f"{kind} conversation: prompts after so many turns, plain text and pages",
        tuple(rows[0]),
        [tuple(row.values()) for row in rows],
    )
    for what, summed in (("the prompt", False), ("all prompts so far", True)):
        at = _find_break_even(text, pages, summed=summed)
        print(
            f"  {what}: plain text is as small before turn {at.turns}, {at.prompt:,} tokens of text; then pages win"
            if at
            else f"  {what}: plain text is as small all along"
        )
    limit = binder.policy.prompt_tokens
    over = next((request for request in text.requests if request.prompt > limit), None)
    if over:
        print(f"  plain text is more than the model takes ({limit:,} tokens) from turn {over.turns} on")
    left = next((new for old, new in pairwise(pages.requests) if new.images < old.images), None)
    if left:
        print(f"  the oldest pages leave, and only recall finds what they said, from turn {left.turns} on")
    return [dict(row) for row in rows]


def compare_dials(kind: str, turns: int, keys: Keys) -> list[dict[str, object]]:
    """Send a conversation as pages under several other policies."""
    fitting = FoldPolicy.for_profile(ModelProfile.from_name(PROFILE))
    rows = []
    talk = agent_conversation(turns=turns, tool_lines=TOOL_LINES[kind])
    for keep, trigger in _DIALS:
        policy = replace(fitting, keep_recent_tokens=keep, seal_tokens=keep, trigger_tokens=trigger)
        policy = replace(policy, max_run_tokens=max(policy.max_run_tokens, keep))
        binder = Binder(PROFILE, policy=policy)
        measured = Talk(talk, binder=binder, keys=keys)
        run = send(measured, list_ways(binder)["pages"], keys)
        rows.append(
            {"keep / trigger": f"{keep:,} / {trigger:,}", **_summarize(run, _count_new_tokens(measured))}
        )
    print_table(
        f"{kind} conversation, {turns} turns: pages, by the policy's dials",
        tuple(rows[0]),
        [tuple(row.values()) for row in rows],
    )
    return rows


def send(talk: Talk, way: Way, keys: Keys) -> RequestLog:
    """Send every request of a conversation to a server whose cache is empty at first."""
    cache, requests = BlockCache(), []
    for turns, messages in zip(talk.asked_at, way(talk), strict=True):
        prompt = keys.prompt(messages)
        cached = cache.look_up(prompt)
        requests.append(
            Request(turns=turns, prompt=len(prompt), cached=cached, images=count_images(messages))
        )
    return RequestLog(requests=tuple(requests))


def list_ways(binder: Binder) -> dict[str, Way]:
    """Return the five ways by name, all with the binder's model, style and policy."""
    policy = binder.policy
    return {
        "pages": lambda talk: send_pages(talk, binder),
        "plain text": send_text,
        "sliding window": lambda talk: send_window(talk, policy.trigger_tokens),
        "rewritten summary": lambda talk: send_summary(talk, policy),
        "re-stacked image": lambda talk: send_stack(talk, binder),
    }


def send_pages(talk: Talk, binder: Binder) -> Iterator[Sequence[Message]]:
    """Yield each request of our way: old turns as pages in seals that never change."""
    drawn: dict[int, Parts] = {}

    def get_parts(seal: Seal) -> Parts:
        if seal.number not in drawn:
            drawn[seal.number] = binder.parts(
                seal, lambda: [talk.turns[anchor - 1] for anchor in seal.anchors]
            )
        return drawn[seal.number]

    folded = Fold()
    for turn in talk.turns:
        if turn.role == "assistant":
            yield write_context(folded, binder=binder, parts_of=get_parts).messages
        folded = step(folded, turn, policy=binder.policy, costs=binder)


def send_text(talk: Talk) -> Iterator[Sequence[Message]]:
    """Yield each request with everything as text."""
    for stop in talk.asked_at:
        yield talk.messages[:stop]


def send_window(talk: Talk, window_tokens: int) -> Iterator[Sequence[Message]]:
    """Yield each request with the head and the newest turns."""
    for stop in talk.asked_at:
        yield [talk.messages[0], *talk.messages[talk.find_newest(stop, window_tokens) : stop]]


def send_summary(talk: Talk, policy: FoldPolicy) -> Iterator[Sequence[Message]]:
    """Yield each request with a summary of the older turns, written anew each time, and the newer turns."""
    begin, told = 1, list[Message]()
    for version, stop in enumerate(talk.asked_at):
        if sum(talk.tokens[begin:stop]) > policy.trigger_tokens:
            begin = talk.find_newest(stop, policy.keep_recent_tokens)
            words = " ".join(map(_join_text, talk.turns[1:begin])).split(" ")
            # Every tenth word: a tenth of the tokens, and other ones whenever it is written.
            told = [Message(role="user", parts=(f"In short: {' '.join(words[version % 10 :: 10])}",))]
        yield [talk.messages[0], *told, *talk.messages[begin:stop]]


def send_stack(talk: Talk, binder: Binder) -> Iterator[Sequence[Message]]:
    """Yield each request with all older turns as pages that are drawn anew each time, and the newer turns."""
    for stop in talk.asked_at:
        begin = talk.find_newest(stop, binder.policy.keep_recent_tokens)
        older = Transcript(tuple(talk.turns[1:begin]))
        pages = typeset(older, style=binder.style) if older.turns else []
        # The digest stands in for the file: whatever is the same page has the same one.
        images = tuple(ImagePart(data=page.digest.encode(), size=page.size) for page in pages)
        stack = [Message(role="user", parts=images)] if images else []
        yield [talk.messages[0], *stack, *talk.messages[begin:stop]]


def _join_text(turn: Turn) -> str:
    return " ".join([turn.text, *(call.arguments for call in turn.tool_calls)])


def _count_new_tokens(talk: Talk) -> int:
    """Return the tokens that the conversation has up to its last request."""
    return sum(talk.tokens[: talk.asked_at[-1]])


def _find_break_even(text: RequestLog, pages: RequestLog, *, summed: bool = False) -> Request | None:
    """Return the plain-text request from which on pages take fewer tokens, per prompt or summed up."""
    found, ours, plain = None, 0, 0
    for one, other in zip(pages.requests, text.requests, strict=True):
        ours, plain = (ours + one.prompt, plain + other.prompt) if summed else (one.prompt, other.prompt)
        if ours >= plain:
            found = None
        elif found is None:
            found = other
    return found


def _summarize(run: RequestLog, new: int) -> dict[str, object]:
    return {
        "all prompts": run.prompts,
        "cached": run.cached_share,
        "recomputed": run.computed / new,
        "largest": run.largest.prompt,
        "images then": run.largest.images,
        "last": run.requests[-1].prompt,
    }


def _verdict(is_met: bool) -> str:
    return "reached" if is_met else "missed"


if __name__ == "__main__":
    main()
