"""Split what a model says into reasoning and answer, also while it is still speaking.

Servers with a reasoning parser send the two apart. Without one they come in one text, as the model wrote
them: `<think>…</think>` (GLM, Qwen, DeepSeek), `<answer>…</answer>` and `<|begin_of_box|>…<|end_of_box|>`
(GLM). Knows text alone.
"""

from __future__ import annotations

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
        self.text = ""
        """The answer so far."""
        self.reasoning = ""
        """The reasoning so far."""
        self._place: _Place = "start"
        self._held = ""

    def feed(self, content: str = "", *, reasoning: str = "") -> TextDelta:
        """Add a delta's content, and the reasoning that a server has already separated."""
        if reasoning:
            self._place = "after" if self._place in {"start", "bare"} else self._place
            self.reasoning += reasoning
        piece = self._cut(self._held + content)
        return TextDelta(piece.text, reasoning + piece.reasoning)

    def close(self) -> TextDelta:
        """Return the text that was held back because it might have become a tag."""
        rest, self._held = self._held, ""
        return self._emit(rest if rest.strip() or self._place in {"bare", "plain"} else "")

    def _cut(self, text: str) -> TextDelta:
        said = TextDelta("", "")
        while True:
            tags = _TAGS[self._place]
            before, tag, after = _first_tag(text, tags)
            keep = 0 if tag else _count_pending(before, tags, spaces=self._place not in {"bare", "plain"})
            words = before[: len(before) - keep]
            if self._place in {"start", "after", "closed"} and words.strip():
                # The answer goes on without a tag. Only before any tag at all may a lone </think> still come.
                text = text.lstrip() if self._place == "after" else text
                self._place = "bare" if self._place == "start" else "plain"
                continue
            said = _join_deltas(said, self._emit(words.rstrip() if tag in _NEXT else words))
            if not tag:
                self._held = before[len(words) :]
                return said
            self._enter(tag)
            text = after

    def _enter(self, tag: str) -> None:
        if tag == "</think>" and self._place == "bare":
            self.reasoning, self.text = self.text.strip(), ""
        if tag in _NEXT:
            self._place = _NEXT[tag]
        elif self._place in {"start", "after", "closed"}:
            self._place = "plain"

    def _emit(self, words: str) -> TextDelta:
        if self._place == "think":
            words = words if self.reasoning else words.lstrip()
            self.reasoning += words
            return TextDelta("", words)
        if self._place not in {"bare", "plain"} and not self.text:
            words = words.lstrip()
        self.text += words
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


def _first_tag(text: str, tags: tuple[str, ...]) -> tuple[str, str, str]:
    found = [(at, tag) for tag in tags if (at := text.find(tag)) >= 0]
    if not found:
        return text, "", ""
    at, tag = min(found)
    return text[:at], tag, text[at + len(tag) :]


def _count_pending(text: str, tags: tuple[str, ...], *, spaces: bool) -> int:
    """Count the last characters that may be the beginning of a tag, or the white space before one."""
    longest = max((n for tag in tags for n in range(1, len(tag)) if text.endswith(tag[:n])), default=0)
    words = text[: len(text) - longest]
    return longest + (len(words) - len(words.rstrip()) if spaces else 0)


def _join_deltas(first: TextDelta, second: TextDelta) -> TextDelta:
    return TextDelta(first.text + second.text, first.reasoning + second.reasoning)
