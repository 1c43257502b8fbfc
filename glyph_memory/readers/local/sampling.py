"""Choose the next token from a model's scores. Knows scores; knows nothing about models and text."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass

import torch

from glyph_memory.checks import check_number, check_whole
from glyph_memory.errors import BadReading, ReaderRefused, show_value

_COLDEST = 1e-6
"""Below this temperature the likeliest token is taken: scores divided by less pass what a float holds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How an answer is drawn.

    Raises:
        ReaderRefused: A value that cannot work.
    """

    max_tokens: int = 1024
    """Most tokens to write, reasoning included."""
    temperature: float = 0.0
    """0 takes the likeliest token each time."""
    top_p: float | None = None
    """Only the likeliest tokens that together have this probability; all where `None`."""
    top_k: int | None = None
    """Only this many of the likeliest tokens; all where `None`."""
    seed: int | None = None
    """The same seed gives the same answer to the same prompt; `None` for another one each time."""
    stop: tuple[str, ...] = ()
    """Texts before which the answer ends."""

    def __post_init__(self) -> None:
        check_whole("max_tokens", self.max_tokens, ReaderRefused, at_least=1)
        check_number("temperature", self.temperature, ReaderRefused, at_most=100)
        check_number("top_p", self.top_p, ReaderRefused, is_open=True, at_most=1, or_none=True)
        check_whole("top_k", self.top_k, ReaderRefused, at_least=1, or_none=True)
        check_whole("seed", self.seed, ReaderRefused, at_least=-(2**63), at_most=2**64, or_none=True)
        if not all(isinstance(text, str) and text for text in self.stop):
            raise ReaderRefused(f"stop={show_value(self.stop)} cannot work. Give texts that are not empty")


class Sampler:
    """Draws the tokens of one answer."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._dice: torch.Generator | None = None
        if sampling.temperature >= _COLDEST:
            self._dice = torch.Generator()
            seed = secrets.randbits(63) if sampling.seed is None else sampling.seed % (1 << 63)
            self._dice.manual_seed(seed)

    @property
    def is_greedy(self) -> bool:
        """Whether the likeliest token is taken each time."""
        return self._dice is None

    def choose(self, scores: torch.Tensor) -> int:
        """Return the next token's id, from scores of shape (vocabulary,).

        Raises:
            BadReading: Scores are no numbers.
        """
        if self._dice is None:
            best, likeliest = scores.max(0)
            check_score(float(best))
            return int(likeliest)
        scores = scores.float().cpu()
        check_score(float(scores.max()))
        scores = scores / self._sampling.temperature
        order = torch.argsort(scores, descending=True, stable=True)
        probabilities = torch.softmax(scores[order], 0)
        if self._sampling.top_k is not None:
            probabilities[self._sampling.top_k :] = 0
        if self._sampling.top_p is not None:
            before = torch.cumsum(probabilities, 0) - probabilities
            probabilities[before >= self._sampling.top_p * probabilities.sum()] = 0
        return int(order[torch.multinomial(probabilities, 1, generator=self._dice)])


def check_score(best: float) -> None:
    """Do nothing for the largest of some scores, where it is a number.

    Raises:
        BadReading: It is none: something in the model's arithmetic became too large.
    """
    if not math.isfinite(best):
        raise BadReading(
            f"the model's scores are no numbers ({best}). Load it with dtype='float32' or 'bfloat16', whose numbers "
            "are larger than float16's, or check its weights"
        )
