"""Six ways to send a conversation turn by turn, and what each request costs a server with a prefix cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from glyph_memory.context import Binder, ImagePart, Message, Parts, write_context, write_turns
from glyph_memory.folding import Fold, FoldPolicy, Seal, step
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting import typeset
from lib.prefix_cache import BlockCache, Keys, count_images


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
    """Return the six ways by name, all with the binder's model, style and policy."""
    policy = binder.policy
    before = replace(policy, unseen="pages", trigger_tokens=3 * policy.keep_recent_tokens)
    at_once = Binder(options=binder.options, policy=before)
    return {
        "pages": lambda talk: send_pages(talk, binder),
        "pages at once": lambda talk: send_pages(talk, at_once),
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
