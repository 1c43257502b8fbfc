"""Run a client against a scripted upstream, with the proxy between them and without, and hold one against the other.

A client is a function of an address that returns its own state: any program, a library's agent or a command line's. The
script goes by what was said last, which is text however much is folded, so that both runs are answered the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from glyph_memory.serve.conversations.kept import KeptBookmark
from glyph_memory.store import Store
from glyph_memory.testing import FakeAnswer, FakeRequest, FakeVLMServer
from glyph_memory.transcript import ToolCall
from tests.serve.running import run_proxy

Client = Callable[[str], Any]
"""Talks to the server at an address, `/v1` left out; returns what it holds in the end, without counts of tokens."""
WINDOW_TOKENS = 8192
"""A window in which pages come soon."""
STEPS = 32
"""How many results of tools a script asks for: twice as many turns, and more."""
FEW_STEPS = 16
"""Those that a client asks for whose other face was tried with all of them: still more than 30 turns."""
ROUND = 8
"""After how many of them the user is answered, and says that it may go on."""
TOOL = "read_log"
"""The tool that is called, with a number `step`."""
_BLOCK = 16


def read_log(step: int, *, lines: int = 40) -> str:
    """Return a tool's result: long, and no two lines alike. Its end says which step it is."""
    text = [
        f"step{step}line{line} worker{(step * 7 + line) % 13} took {step * line} ms" for line in range(lines)
    ]
    return "\n".join([*text, f"[step {step}]"])


def ask_for_round(step: int) -> str:
    """Return what a user says before a step."""
    return f"Read the logs from number {step + 1} on and tell me about apple{step}. [step {step}]"


def make_calls(step: int) -> tuple[ToolCall, ...]:
    """Return the calls of a step, without ids: the server numbers them."""
    calls = [ToolCall(name=TOOL, arguments=json.dumps({"step": step}))]
    if step % 5 == 0:
        calls.append(ToolCall(name=TOOL, arguments=json.dumps({"step": step, "lines": 20})))
    return tuple(calls)


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptedAgent:
    """The model: calls tools a step at a time, in every fifth step two at once, and answers after each round."""

    steps: int = STEPS
    """How many results it asks for."""
    make_calls: Callable[[int], tuple[ToolCall, ...]] = make_calls
    """The calls of a step."""
    reasoning: str = ""
    """What it thinks before each."""

    def __call__(self, request: FakeRequest) -> FakeAnswer:
        """Answer by the step that was told last."""
        if not request.tool_names:
            return FakeAnswer(text="A title for this.")
        done = find_step(request.texts)
        is_round = bool(done) and done % ROUND == 0 and request.messages[-1]["role"] == "tool"
        if is_round or done >= self.steps:
            return FakeAnswer(text=f"All of {done} steps are read; pear{done} was fine.")
        return FakeAnswer(
            text=f"Now I read step {done + 1}.",
            reasoning=self.reasoning,
            tool_calls=self.make_calls(done + 1),
        )


def find_step(texts: Sequence[str]) -> int:
    """Return the step that was told last; 0 where none was."""
    for text in reversed(texts):
        if found := re.findall(r"\[step (\d+)\]", text):
            return int(found[-1])
    return 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientRun:
    """What became of one run."""

    state: Any
    """What the client holds."""
    requests: tuple[FakeRequest, ...]
    """What the upstream was asked."""
    store: Path | None = None
    """The proxy's store, where there was one."""


def run_client(
    client: Client, answer: Callable[[FakeRequest], FakeAnswer], *, folder: Path | None = None, **options: Any
) -> ClientRun:
    """Run a client to its end.

    Args:
        client: The client.
        answer: The upstream's model.
        folder: Where the proxy keeps its store; without it there is no proxy, and the upstream's window is wide.
        options: Of the proxy.
    """
    if folder is None:
        with FakeVLMServer(answer=answer) as server:
            return ClientRun(state=client(server.base_url[: -len("/v1")]), requests=tuple(server.requests))
    store = folder / "serve.db"
    with (
        FakeVLMServer(answer=answer, window_tokens=WINDOW_TOKENS) as server,
        run_proxy(server.base_url, memory=store, **options) as address,
    ):
        return ClientRun(state=client(address), requests=tuple(server.requests), store=store)


def check_client(
    client: Client,
    folder: Path,
    *,
    answer: Callable[[FakeRequest], FakeAnswer] | None = None,
    at_least: int = STEPS,
    **options: Any,
) -> ClientRun:
    """Check that a client notices nothing of a proxy, and that the upstream was asked as it should be.

    Args:
        client: The client.
        folder: Where the proxy keeps its store.
        answer: The upstream's model; `ScriptedAgent` unless given.
        at_least: How many requests have to come.
        options: Of the proxy.

    Returns:
        The run through the proxy.
    """
    answer = answer or ScriptedAgent()
    direct = run_client(client, answer)
    through = run_client(client, answer, folder=folder, **options)
    assert through.state == direct.state
    assert len(through.requests) == len(direct.requests) >= at_least
    assert all(
        request.body.get("stream") == direct.requests[0].body.get("stream") for request in through.requests
    )
    told = count_pages(through.requests)
    assert told[-1] > 1, f"no pages came: {told}"
    check_prefix(through.requests)
    check_nothing_is_lost(direct, through)
    return through


def count_pages(requests: Iterable[FakeRequest]) -> list[int]:
    """Return how many pages each request has."""
    return [len(request.images) for request in requests]


def check_prefix(requests: Sequence[FakeRequest]) -> None:
    """Check that each request begins as the one before, up to the last page where new pages came.

    Where the first page is another one, a generation has ended: that is seldom.
    """
    generations = 0
    for former, latter in pairwise(request for request in requests if request.tool_names):
        before, after = _list_parts(former), _list_parts(latter)
        pages = [image.digest for image in former.images]
        if pages != [image.digest for image in latter.images[: len(pages)]]:
            generations += 1
            continue
        kept = before if len(pages) == len(latter.images) else before[: _find_last_page(before) + 1]
        assert after[: len(kept)] == kept, f"request {latter.number} begins another way"
        if kept is before:
            assert latter.cached_tokens >= former.prompt_tokens // _BLOCK * _BLOCK - _BLOCK
        elif pages:
            assert latter.cached_tokens >= former.image_tokens // _BLOCK * _BLOCK
    assert generations <= len(requests) // 10, f"{generations} generations in {len(requests)} requests"


def check_nothing_is_lost(direct: ClientRun, through: ClientRun) -> None:
    """Check that each word of the client's last request is sent as text, or is in the store.

    All pages of the bookmark are sent; it knows as many turns as are no longer text, and the newest still are.
    """
    said, sent = direct.requests[-1], through.requests[-1]
    assert through.store is not None
    with Store.open(through.store) as store:
        name = sent.headers["x-glyph-session"]
        info = store.conversation(name)
        assert info is not None
        kept = KeptBookmark.from_bytes(info.bookmark)
        assert kept is not None
        seals = [seal for seal in kept.bookmark.seals if seal.number >= kept.bookmark.oldest]
        stored = _list_words(
            word
            for turn in store.session(name).turns()
            for word in (
                turn.text,
                *(call.arguments for call in turn.tool_calls),
                *(c.name for c in turn.tool_calls),
            )
        )
    text = _list_words(_read_message(message) for message in sent.messages)
    hidden = []
    for place, message in enumerate(said.messages):
        words = _list_words([_read_message(message)])
        assert words <= text | stored, f"lost of message {place}: {sorted(words - text - stored)[:9]}"
        if not words <= text:
            hidden.append(place)
    assert hidden, "all of it is text"
    assert sum(len(seal.pages) for seal in seals) == len(sent.images)
    assert len(hidden) <= sum(len(seal.anchors) for seal in seals) + sum(
        last - first + 1 for first, last in kept.bookmark.evicted
    )
    assert hidden[-1] < len(said.messages) - 2, "nothing but pages is left"


def _list_parts(request: FakeRequest) -> list[str]:
    """Return a prompt's parts in order: roles, texts, calls, and pages by their digest."""
    parts: list[str] = []
    images = iter(request.images)
    for message in request.messages:
        parts.append(f"role {message['role']}")
        content = message.get("content")
        for part in [{"type": "text", "text": content}] if isinstance(content, str) else content or ():
            is_text = part["type"] == "text"
            parts.append(f"text {part['text']}" if is_text else f"page {next(images).digest}")
        parts += [
            f"call {json.dumps(call['function'], sort_keys=True)}" for call in message.get("tool_calls") or ()
        ]
    return parts


def _find_last_page(parts: Sequence[str]) -> int:
    return max((place for place, part in enumerate(parts) if part.startswith("page ")), default=-1)


def _read_message(message: Any) -> str:
    content = message.get("content")
    texts = [content] if isinstance(content, str) else [part.get("text", "") for part in content or ()]
    for call in message.get("tool_calls") or ():
        texts += [call["function"]["name"], call["function"]["arguments"]]
    return "\n".join(texts)


def _list_words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"\w+", text)}
