"""Spell what was said so that nothing in it is taken for something else: a special token, or a line of ours.

Where a line of a turn's text would begin like one of ours, a backslash breaks it, as `defuse` breaks a model's special
tokens; see `escaping`. Knows turns and text; counts nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from glyph_memory.context.cache import ReuseCache, remember_texts
from glyph_memory.context.escaping import BREAKS, escape_anchors
from glyph_memory.context.wording import head_turn, mark_cut, quote_call, replace_cut
from glyph_memory.terminal_text import TerminalEscapes, strip_terminal_escapes
from glyph_memory.tokens import defuse
from glyph_memory.transcript import Role, Turn

_BREAK = re.compile(f"\r\n|[{BREAKS}]")
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"')
_REASONING = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)
_FORMATTED = 16 << 20
"""Characters of all texts that are remembered as messages; a long history is spelled again for every request."""


class TextCleaner:
    """Cleans text for one model. Recent turns are spelled again for every context, so results are remembered.

    Args:
        special_tokens: The model's own, in addition to those that `defuse` knows.
        terminal_escapes: Of which turns what only a terminal understands is taken out.
    """

    def __init__(
        self, special_tokens: Sequence[str] = (), terminal_escapes: TerminalEscapes = "tools"
    ) -> None:
        self._terminal_escapes = terminal_escapes
        self._strip = remember_texts(lambda text: strip_terminal_escapes(text)[0])
        defused = partial(defuse, special_tokens=tuple(special_tokens))
        self._clean = remember_texts(defused)
        self._clean_arguments = remember_texts(
            lambda arguments: call_arguments(arguments, clean=self.clean_and_escape)
        )
        self._clean_and_escape = remember_texts(lambda text: defused(escape_anchors(text)))
        self._formatted = ReuseCache[tuple[Role, str], str](at_most=_FORMATTED)

    def clean(self, text: str) -> str:
        """Break the model's special tokens in a text."""
        return self._clean(text)

    def clean_and_escape(self, text: str) -> str:
        """Break special tokens, and escape what could be read as an anchor line of ours."""
        return self._clean_and_escape(text)

    def clean_arguments(self, arguments: str) -> str:
        """Return a tool call's arguments as a JSON object whose strings are cleaned."""
        return self._clean_arguments(arguments)

    def clean_message(self, turn: Turn) -> str:
        """Return the text of a turn's message: what is sent of it, special tokens broken, anchors escaped."""
        return self.clean(message_text(self.show_turn(turn)))

    def format_text(self, text: str, *, role: Role) -> str:
        """Return a text as the message of someone with that role, cleaned like a turn's."""
        found = self._formatted.get((role, text))
        if found is None:
            found = self.clean_message(Turn(role=role, text=text))
            self._formatted.put((role, text), found, weight=len(text) + 100)
        return found

    def quote(self, turns: Iterable[Turn], *, remark: str = "") -> str:
        """Return turns as one text, as `quote_turns` does, with special tokens broken."""
        return self.clean(quote_turns(map(self.show_turn, turns), remark=remark))

    def show_turn(self, turn: Turn) -> Turn:
        """Return a turn with the text that is sent of it: without old reasoning and terminal escapes."""
        return drop_reasoning(self.strip_escapes(turn))

    def strip_escapes(self, turn: Turn) -> Turn:
        """Return a turn without terminal escapes, if it is one that they are taken out of."""
        if self._terminal_escapes == "keep" or (self._terminal_escapes == "tools" and turn.role != "tool"):
            return turn
        text = self._strip(turn.text)
        return turn if text == turn.text else replace(turn, text=text)


def call_id(turn: Turn, number: int) -> str:
    """Return the id of one of a turn's calls; one made up here where it came without."""
    return turn.tool_calls[number].id or f"call-{turn.anchor}-{number}"


def drop_reasoning(turn: Turn) -> Turn:
    """Return a turn as later requests show it: an assistant's without the reasoning before its answer.

    Chat templates of reasoning models leave it out of older turns; left to them, the prompt would change behind us.
    """
    if turn.role != "assistant" or "</think>" not in turn.text:
        return turn
    return replace(turn, text=_REASONING.sub("", turn.text))


def message_text(turn: Turn) -> str:
    """Return the text of a turn's message."""
    turn = drop_reasoning(turn)
    name = f"{turn.name}: " if turn.name and turn.role == "user" else ""
    return _escape_text(turn, name)


def _escape_text(turn: Turn, before: str = "") -> str:
    """Return a turn's text, lines like ours broken; but not the one that a damaged turn begins with, which is ours."""
    told, text = "", f"{before}{turn.text}"
    if turn.is_damaged and not before:
        told, line, text = turn.text.partition("\n")
        told += line
    return told + escape_anchors(text)


def call_arguments(arguments: str, *, clean: Callable[[str], str]) -> str:
    r"""Return a call's arguments as servers need them: a JSON object, parsed before a template sees it.

    So each of its strings is cleaned as it reads once it is parsed; what needs no cleaning stays as the model wrote
    it, and what is no JSON object becomes the one value of an object.

    Example:
        >>> call_arguments('{"token": "\\u003cs>"}', clean=lambda text: text.replace("<s>", "<\\\\s>"))
        '{"token": "<\\\\\\\\s>"}'
        >>> call_arguments("[1, 2", clean=str)
        '{"arguments": "[1, 2"}'
    """
    try:
        is_object = isinstance(json.loads(arguments), dict)
    except (ValueError, RecursionError):
        is_object = False
    if not is_object:
        arguments = json.dumps({"arguments": arguments} if arguments.strip() else {}, ensure_ascii=False)

    def clean_string(found: re.Match[str]) -> str:
        said = json.loads(found[0])
        spelled = clean(said)
        return found[0] if spelled == said else json.dumps(spelled, ensure_ascii=False)

    return _STRING.sub(clean_string, arguments)


def quote_turns(turns: Iterable[Turn], *, remark: str = "") -> str:
    r"""Return turns as one text, each under a line with its anchor and role, its lines indented by two spaces.

    Args:
        turns: The turns, with their anchors.
        remark: What to say of them, on the line with the anchor.

    Example:
        >>> quote_turns([Turn(role="user", text="One.\nTwo.", anchor=42)], remark="pinned")
        '§42 user, pinned:\n  One.\n  Two.\n'
    """
    return "".join(_quote_turn(drop_reasoning(turn), remark) for turn in turns)


def _quote_turn(turn: Turn, remark: str) -> str:
    lines = [head_turn(turn.anchor, turn.role, _escape_breaks(turn.name or ""), remark)]
    lines += [f"  {line}" for line in _split_lines(_escape_text(turn))] if turn.text else []
    lines += [
        quote_call(turn.anchor, _escape_breaks(call.name), _escape_breaks(call.arguments))
        for call in turn.tool_calls
    ]
    return "\n".join(lines) + "\n"


def excerpt(text: str, *, at_most_tokens: int, count: Callable[[str], int]) -> str:
    """Return a text shortened in the middle where it is too long, with a line on how much is left out."""
    if count(text) <= at_most_tokens:
        return text
    side = min(len(text) // 2, 2 * at_most_tokens)
    while side > 16:
        cut = f"{text[:side]}\n  {mark_cut(len(text) - 2 * side)}\n{escape_anchors('  ' + text[-side:])}"
        if count(cut) <= at_most_tokens:
            return cut
        side = side * 3 // 4
    return replace_cut(len(text))


def _split_lines(text: str) -> list[str]:
    """Split a text into lines; a line break other than a newline is written as its number, then breaks the line."""
    lines, begin = [], 0
    for found in _BREAK.finditer(text):
        sign = (
            "" if found[0] == "\n" else "".join(f"\\u{{{ord(part):x}}}" for part in found[0] if part != "\n")
        )
        lines.append(text[begin : found.start()] + sign)
        begin = found.end()
    return [*lines, text[begin:]]


def _escape_breaks(text: str) -> str:
    return _BREAK.sub(lambda found: "".join(f"\\u{{{ord(part):x}}}" for part in found[0]), text)
