"""Make text of the tokens of an answer, as they come: characters whole, tags parted, stop texts kept out.

Knows a tokenizer and ids; knows nothing about models.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from glyph_memory.readers.reasoning import Splitter, TextDelta
from glyph_memory.readers.stops import StopTexts

_TAGS = frozenset({"<think>", "</think>", "<answer>", "</answer>", "<|begin_of_box|>", "<|end_of_box|>"})
"""Special tokens that say what the text is; others are not part of an answer."""


class AnswerText:
    """The text of one answer.

    Args:
        tokenizer: The model's, as transformers loads it.
        stop: Texts before which the answer ends.
        prompt_end: The last tokens of the prompt as text: an opened `<think>` there begins the answer's reasoning.
    """

    def __init__(self, tokenizer: Any, *, stop: Sequence[str] = (), prompt_end: str = "") -> None:  # noqa: ANN401
        from tokenizers.decoders import DecodeStream  # noqa: PLC0415 - slow to load

        self._tokenizer = tokenizer.backend_tokenizer
        self._stream = DecodeStream(skip_special_tokens=False)
        self._decode = tokenizer.decode
        self._pending: list[int] = []
        self._hidden = find_hidden_ids(tokenizer)
        self._splitter = Splitter()
        self._stops = StopTexts(stop)
        if prompt_end.rstrip().endswith("<think>"):
            self._splitter.feed("<think>")

    @property
    def is_stopped(self) -> bool:
        """Whether one of the stop texts has come."""
        return self._stops.is_stopped

    @property
    def text(self) -> str:
        """The answer so far."""
        return self._splitter.text

    @property
    def reasoning(self) -> str:
        """The reasoning so far."""
        return self._splitter.reasoning

    def feed(self, token: int) -> TextDelta:
        """Add a token; return what text and reasoning grew by."""
        if token in self._hidden or self.is_stopped:
            return TextDelta("", "")
        words = self._stream.step(self._tokenizer, token)
        self._pending = [*self._pending, token] if words is None else []
        return self._splitter.feed(self._stops.feed(words or ""))

    def close(self) -> TextDelta:
        """Return what was held back because it might have become a tag, a stop text or a whole character."""
        torn = self._stops.feed(self._decode(self._pending)) if self._pending else ""
        first = self._splitter.feed(torn + self._stops.close())
        rest = self._splitter.close()
        return TextDelta(first.text + rest.text, first.reasoning + rest.reasoning)


def find_hidden_ids(tokenizer: Any) -> Collection[int]:  # noqa: ANN401 - transformers has no types for it
    """Return the special tokens that are no part of an answer."""
    tags = {i for i, token in tokenizer.added_tokens_decoder.items() if token.content in _TAGS}
    return frozenset(tokenizer.all_special_ids) - tags
