"""Choose the next token from a model's scores. Knows scores; knows nothing about models and text."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from glyph_memory.errors import ReaderRefused


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
        number, share, seed = self.temperature, self.top_p, self.seed
        for name, is_fine, want in (
            ("max_tokens", _is_count(self.max_tokens), "a number above 0"),
            ("temperature", _is_number(number) and 0 <= number < 100, "a number from 0 up"),
            ("top_p", share is None or (_is_number(share) and 0 < share <= 1), "above 0, at most 1"),
            ("top_k", self.top_k is None or _is_count(self.top_k), "a number above 0"),
            (
                "seed",
                seed is None or (isinstance(seed, int) and not isinstance(seed, bool)),
                "a whole number",
            ),
            ("stop", all(isinstance(text, str) and text for text in self.stop), "texts that are not empty"),
        ):
            if not is_fine:
                raise ReaderRefused(f"{name}={getattr(self, name)!r} cannot work. It is {want}")


class Sampler:
    """Draws the tokens of one answer."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._dice: torch.Generator | None = None
        if sampling.temperature > 0:
            self._dice = torch.Generator()
            self._dice.manual_seed(torch.seed() if sampling.seed is None else sampling.seed % (1 << 63))

    @property
    def is_greedy(self) -> bool:
        """Whether the likeliest token is taken each time."""
        return self._dice is None

    def choose(self, scores: torch.Tensor) -> int:
        """Return the next token's id, from scores of shape (vocabulary,)."""
        if self._dice is None:
            return int(scores.argmax())
        scores = scores.float().cpu() / self._sampling.temperature
        order = torch.argsort(scores, descending=True, stable=True)
        probabilities = torch.softmax(scores[order], 0)
        if self._sampling.top_k is not None:
            probabilities[self._sampling.top_k :] = 0
        if self._sampling.top_p is not None:
            before = torch.cumsum(probabilities, 0) - probabilities
            probabilities[before >= self._sampling.top_p * probabilities.sum()] = 0
        return int(order[torch.multinomial(probabilities, 1, generator=self._dice)])


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
