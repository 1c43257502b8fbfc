"""What clients change at every request and no model needs, put where it breaks no prefix: the rules, and `apply_rules`.

A server's prefix cache ends at the first token that differs. Each rule takes one thing that was seen to differ out of
the client's body, and says where it goes. Pure: the same body gives the same, in every process. Knows bodies as the
clients of `tests/serve/captured` spell them; knows nothing about conversations, HTTP or pages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from glyph_memory.errors import show_value
from glyph_memory.serve.dialects.units import CACHE_MARK, Item
from glyph_memory.serve.options import ServeError

Body = Mapping[str, Any]

BILLING_HEADER = "x-anthropic-billing-header"
"""How Claude Code's line begins, and the header that it is sent as instead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PrefixRule:
    """One thing that clients change and no model needs."""

    name: str
    """What it is called where it is turned on or off."""
    does: str
    """What it does, in one sentence."""
    dialects: frozenset[str]
    """The dialects whose bodies it looks at."""
    is_default: bool = True
    """Whether it is on unless it is turned off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppliedRules:
    """A body after the rules."""

    body: Body = field(repr=False)
    """The very object that came where nothing was taken out."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What goes to the upstream as headers instead."""
    last: tuple[Item, ...] = ()
    """Trailing system messages, which are sent last."""


_ALL = frozenset({"chat", "responses", "messages"})
BILLING_LINE, MOVING_SYSTEM, CACHE_MARKS = "billing-line", "moving-system", "cache-marks"
PREFIX_RULES = (
    PrefixRule(
        name=BILLING_LINE,
        does="A billing line first in the system prompt is sent as a header: it is another one for each conversation, "
        "with some versions of Claude Code for each request.",
        dialects=_ALL,
    ),
    PrefixRule(
        name=MOVING_SYSTEM,
        does="System messages after the last other message are no part of the history yet: they are sent last, and are "
        "history when a later request has them in the middle.",
        dialects=_ALL,
    ),
    # vLLM and llama.cpp read past the marks. SGLang 0.5.18 was reported to compute whole prompts anew where marks move
    # at every turn, and to hit its cache again without them. Anthropic's own servers cache by them.
    PrefixRule(
        name=CACHE_MARKS,
        does="Cache marks on messages and their blocks, which move at every request, are taken off; those on the "
        "system prompt and on tools stay.",
        dialects=frozenset({"chat", "messages"}),
        is_default=False,
    ),
)
"""Every rule, in the order in which they are applied."""


def choose_rules(
    *, switched_off: frozenset[str] = frozenset(), switched_on: frozenset[str] = frozenset()
) -> frozenset[str]:
    """Return the names of the rules that are on.

    Args:
        switched_off: Names of rules that are not to be applied.
        switched_on: Names of rules that are to be applied though they are not by default.

    Raises:
        ServeError: There is no rule of such a name.

    Example:
        >>> sorted(choose_rules(switched_off=frozenset({"billing-line"})))
        ['moving-system']
    """
    known = {rule.name for rule in PREFIX_RULES}
    for name in sorted((switched_off | switched_on) - known):
        raise ServeError(f"no rule is called {show_value(name)}. There are: {', '.join(sorted(known))}")
    default = frozenset(rule.name for rule in PREFIX_RULES if rule.is_default)
    return (default | switched_on) - switched_off


def apply_rules(body: Body, *, dialect: str, rules: frozenset[str]) -> AppliedRules:
    """Return a body without what changes at every request.

    Bodies of any shape are taken: what is not spelled as clients were seen to spell it stays as it came.

    Args:
        body: A client's body; it is not changed.
        dialect: Its spelling: "chat", "responses" or "messages".
        rules: Names of the rules that are on.
    """
    on = {rule.name for rule in PREFIX_RULES if rule.name in rules and dialect in rule.dialects}
    headers: dict[str, str] = {}
    last: tuple[Item, ...] = ()
    key = "input" if dialect == "responses" else "messages"
    if BILLING_LINE in on:
        body, headers = _take_billing_line(body, key, prompt=_PROMPTS.get(dialect))
    if MOVING_SYSTEM in on:
        body, last = _take_trailing_system(body, key)
    if CACHE_MARKS in on:
        body = _take_cache_marks(body, key)
    return AppliedRules(body=body, headers=headers, last=last)


_LINE = re.compile(rf"{BILLING_HEADER}:[ \t]*([\x21-\x7e][\x20-\x7e]{{0,1000}}?)[ \t]*(?:\r?\n|\Z)")
"""The line, with what a header may hold."""
_PROMPTS = {"messages": "system", "responses": "instructions"}
"""Where a system prompt stands that is no message."""


def _take_billing_line(body: Body, key: str, *, prompt: str | None) -> tuple[Body, dict[str, str]]:
    """Return a body without its billing line, and the line as a header."""
    if prompt is not None and prompt in body:
        rest, line = _cut_line(body[prompt])
        if line:
            return _put(body, prompt, rest), {BILLING_HEADER: line}
    items = body.get(key)
    if not isinstance(items, list) or not items or not _is_system(items[0]):
        return body, {}
    rest, line = _cut_line(items[0].get("content"))
    if not line or (not rest and len(items) == 1):
        return body, {}
    first = [{**items[0], "content": rest}] if rest else []
    return {**body, key: [*first, *items[1:]]}, {BILLING_HEADER: line}


def _cut_line(said: object) -> tuple[str | list[Any] | None, str]:
    """Return a prompt without the line that it begins with, None where nothing is left; and the line's value."""
    if isinstance(said, str):
        found = _LINE.match(said)
        return (said[found.end() :] or None, found[1]) if found else (None, "")
    if not isinstance(said, list) or not said or not isinstance(said[0], dict):
        return None, ""
    text = said[0].get("text")
    found = _LINE.match(text) if isinstance(text, str) else None
    if found is None or not isinstance(text, str):
        return None, ""
    if rest := text[found.end() :]:
        return [{**said[0], "text": rest}, *said[1:]], found[1]
    # A block that holds more than the line and a mark stays: nothing may get lost with it.
    return (said[1:] or None, found[1]) if said[0].keys() <= {"type", "text", CACHE_MARK} else (None, "")


def _put(body: Body, place: str, rest: str | list[Any] | None) -> Body:
    """Return a body with another prompt, or with none."""
    return {
        name: rest if name == place else value
        for name, value in body.items()
        if name != place or rest is not None
    }


def _take_trailing_system(body: Body, key: str) -> tuple[Body, tuple[Item, ...]]:
    """Return a body without the system messages at its end, and those; all of them stay where nothing else is there."""
    items = body.get(key)
    if not isinstance(items, list):
        return body, ()
    end = len(items)
    while end and _is_system(items[end - 1]):
        end -= 1
    if end in (0, len(items)):
        return body, ()
    return {**body, key: items[:end]}, tuple(items[end:])


def _is_system(item: object) -> bool:
    """Return whether an item is a message of the system: Codex's, and OpenAI's newer models', is the developer."""
    if not isinstance(item, dict) or item.get("type", "message") != "message":
        return False
    return item.get("role") in ("system", "developer")


def _take_cache_marks(body: Body, key: str) -> Body:
    """Return a body whose messages have no cache marks; the same one where there were none."""
    items = body.get(key)
    if not isinstance(items, list):
        return body
    bare = [item if _is_system(item) else _unmark(item, depth=2) for item in items]
    is_same = all(one is other for one, other in zip(bare, items, strict=True))
    return body if is_same else {**body, key: bare}


def _unmark(marked: object, *, depth: int) -> object:
    """Return a message or block without the mark on it and on its blocks; the same one where there was none.

    Args:
        marked: A message, a block of it, or a block of a tool's answer that is a block of it.
        depth: How many floors of blocks there may be below. What a tool is called with is never looked into.
    """
    if not isinstance(marked, dict):
        return marked
    bare = {name: value for name, value in marked.items() if name != CACHE_MARK}
    blocks = bare.get("content")
    if depth and isinstance(blocks, list):
        bare["content"] = [_unmark(block, depth=depth - 1) for block in blocks]
    return marked if bare == marked else bare
