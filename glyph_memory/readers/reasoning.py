"""Part a model's answer from its reasoning, as the text comes.

Models write both in one text: `<think>…</think>` (GLM, Qwen, DeepSeek), `<answer>…</answer>` and
`<|begin_of_box|>…<|end_of_box|>` (GLM). Knows tags; knows nothing about servers and models.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

_Place = Literal["start", "think", "bare", "after", "answer", "closed", "plain"]

_TAGS: dict[_Place, tuple[str, ...]] = {
    "start": ("<think>", "<answer>", "<|begin_of_box|>"),  # nothing but white space so far
    "think": ("</think>",),
    "bare": ("</think>", "<|begin_of_box|>", "<|end_of_box|>"),  # text that nothing opened
    "after": ("<answer>", "<|begin_of_box|>"),  # reasoning is over, the answer has not begun
    "answer": ("</answer>", "<|begin_of_box|>", "<|end_of_box|>"),
    "closed": ("<|begin_of_box|>",),  # the answer's own tag is closed; white space is all that should follow
    "plain": ("<|begin_of_box|>", "<|end_of_box|>"),
}
_FINDERS = {place: re.compile("|".join(map(re.escape, tags))) for place, tags in _TAGS.items()}
_NEXT: dict[str, _Place] = {
    "<think>": "think",
    "</think>": "after",
    "<answer>": "answer",
    "</answer>": "closed",
}


class TextDelta(NamedTuple):
    """The text and the reasoning that one delta added."""

    text: str
    reasoning: str


class Splitter:
    """Separates reasoning from answer as the text arrives, however its tags are cut into deltas.

    A `</think>` that nothing opened ends reasoning, too: some templates write the `<think>` themselves. What
    came before it was given out as text by then; `text` and `reasoning` have it right in the end.
    """

    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._place: _Place = "start"
        self._held: list[str] = []

    @property
    def text(self) -> str:
        """The answer so far."""
        return _join(self._text)

    @property
    def reasoning(self) -> str:
        """The reasoning so far."""
        return _join(self._reasoning)

    def feed(self, content: str = "", *, reasoning: str = "") -> TextDelta:
        """Add a delta's content, and the reasoning that a server has already separated."""
        if reasoning:
            self._place = "after" if self._place in {"start", "bare"} else self._place
            self._reasoning.append(reasoning)
        _append(self._held, content)
        if content.isspace() and self._place not in {"bare", "plain"} and self._held[0].isspace():
            return TextDelta("", reasoning)  # white space alone, however long, is looked at when words follow
        piece = self._cut(self._take_held())
        return TextDelta(piece.text, reasoning + piece.reasoning)

    def close(self) -> TextDelta:
        """Return the text that was held back because it might have become a tag."""
        rest = self._take_held()
        return self._emit(rest if rest.strip() or self._place in {"bare", "plain"} else "")

    def _cut(self, text: str) -> TextDelta:
        answer: list[str] = []
        thoughts: list[str] = []
        at = 0
        while True:
            found = _FINDERS[self._place].search(text, at)
            tag, before = (found[0], text[at : found.start()]) if found else ("", text[at:])
            spaces = self._place not in {"bare", "plain"}
            keep = 0 if tag else _count_pending(before, _TAGS[self._place], spaces=spaces)
            words = before[: len(before) - keep]
            if self._place in {"start", "after", "closed"} and words.strip():
                # The answer goes on without a tag. Only before any tag at all may a lone </think> still come.
                at += len(before) - len(before.lstrip()) if self._place == "after" else 0
                self._place = "bare" if self._place == "start" else "plain"
                continue
            piece = self._emit(words.rstrip() if tag in _NEXT else words)
            answer.append(piece.text)
            thoughts.append(piece.reasoning)
            if found is None:
                _append(self._held, before[len(words) :])
                return TextDelta("".join(answer), "".join(thoughts))
            self._enter(tag)
            at = found.end()

    def _take_held(self) -> str:
        held, self._held = self._held, []
        return "".join(held)

    def _enter(self, tag: str) -> None:
        if tag == "</think>" and self._place == "bare":
            thoughts, self._reasoning, self._text = self.text.strip(), [], []
            _append(self._reasoning, thoughts)
        if tag in _NEXT:
            self._place = _NEXT[tag]
        elif self._place in {"start", "after", "closed"}:
            self._place = "plain"

    def _emit(self, words: str) -> TextDelta:
        if self._place == "think":
            words = words if self._reasoning else words.lstrip()
            _append(self._reasoning, words)
            return TextDelta("", words)
        if self._place not in {"bare", "plain"} and not self._text:
            words = words.lstrip()
        _append(self._text, words)
        return TextDelta(words, "")


def split(text: str) -> tuple[str, str]:
    r"""Return the answer and the reasoning of a whole text.

    Example:
        >>> split("<think>Page 2.</think>\n<answer>14:05</answer>")
        ('14:05', 'Page 2.')
        >>> split("14:05")
        ('14:05', '')
    """
    splitter = Splitter()
    splitter.feed(text)
    splitter.close()
    return splitter.text, splitter.reasoning


def _count_pending(text: str, tags: tuple[str, ...], *, spaces: bool) -> int:
    """Count the last characters that may be the beginning of a tag, or the white space before one."""
    longest = max((n for tag in tags for n in range(1, len(tag)) if text.endswith(tag[:n])), default=0)
    words = text[: len(text) - longest]
    return longest + (len(words) - len(words.rstrip()) if spaces else 0)


def _append(pieces: list[str], words: str) -> None:
    if words:
        pieces.append(words)


def _join(pieces: list[str]) -> str:
    """Return pieces as one, and keep them as one."""
    pieces[:] = filter(None, ["".join(pieces)])
    return pieces[0] if pieces else ""
