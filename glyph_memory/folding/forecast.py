"""Foresee what a conversation's prompts hold under a policy: text and pages, read anew or from a prefix cache.

A sum, request by request, of a conversation whose turns are all of one size. Knows policies; draws nothing, prices
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from glyph_memory.checks import check_number, check_whole
from glyph_memory.errors import PolicyError
from glyph_memory.folding.policy import FoldPolicy
from glyph_memory.folding.prices import PromptTokens
from glyph_memory.folding.trigger import find_trigger_tokens

_TURNS = 2
"""Of a request: what is said to the model, and its answer."""
_MOST_REQUESTS = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """What a conversation is assumed to be like, where a choice has to be made before it was held."""

    requests: int = 100
    """How many requests it has: as many as in a conversation of 200 turns."""
    turn_tokens: tuple[int, ...] = (32, 64, 128, 256, 512, 1024, 2048, 4096)
    """Sizes of a turn to choose for, growing: a memory takes the choice for the average of its recent turns."""
    page_ratio: float = 4.0
    """How many tokens of text a token of pages stands for, ledger and captions included: 3.4 to 5.1 in the seals of the
    agent's conversations that `benchmarks/planner.py` sends."""
    head_tokens: int = 200
    """Of the system turns that always stay text."""

    def __post_init__(self) -> None:
        """Raise `PolicyError` for what is no conversation."""
        check_whole("requests", self.requests, PolicyError, at_least=1, at_most=_MOST_REQUESTS)
        check_number("page_ratio", self.page_ratio, PolicyError, is_open=True)
        check_whole("head_tokens", self.head_tokens, PolicyError)
        if not isinstance(self.turn_tokens, tuple) or not self.turn_tokens:
            raise PolicyError(
                f"turn_tokens={self.turn_tokens!r} are no sizes; give a tuple such as (64, 512, 4096)"
            )
        before = 0
        for size in self.turn_tokens:
            check_whole("turn_tokens: a size", size, PolicyError, at_least=before + 1)
            before = size

    def count_tokens(self, turn_tokens: int) -> int:
        """Count what the last prompt holds where everything is sent as text, with turns of that size."""
        return self.head_tokens + _TURNS * turn_tokens * self.requests


def foresee_text(turn_tokens: int, workload: Workload) -> PromptTokens:
    """Return the tokens of all prompts where everything is sent as text, whether or not it fits a window."""
    total, before = PromptTokens(requests=0), 0
    for request in range(workload.requests):
        added = _TURNS * turn_tokens + (0 if request else workload.head_tokens)
        total += PromptTokens(text=added, cached_text=before)
        before += added
    return total


def foresee_pages(policy: FoldPolicy, turn_tokens: int, workload: Workload) -> PromptTokens:
    """Return the tokens of all prompts where old turns become pages under a policy."""
    run = _Run(policy, turn_tokens, workload)
    total = PromptTokens(requests=0)
    for _ in range(workload.requests):
        total += run.send()
    return total


class _Run:
    """A conversation as it grows; what is in it is counted, and never made."""

    def __init__(self, policy: FoldPolicy, turn_tokens: int, workload: Workload) -> None:
        self._policy, self._turn_tokens, self._workload = policy, turn_tokens, workload
        self._budget = policy.seal_budget_tokens(head_tokens=workload.head_tokens)
        self._seals = list[float]()  # tokens of the visible ones, oldest first
        self._cached_seals = 0  # how many of them the server has behind the head
        self._tail = self._cached_tail = 0.0
        self._is_first = True

    def send(self) -> PromptTokens:
        """Add what one request brings, seal what is due, and return the request's tokens."""
        new = _TURNS * self._turn_tokens
        self._tail += new
        self._seal(answered=self._tail - new)
        head = self._workload.head_tokens
        cached_page = sum(self._seals[: self._cached_seals])
        sent = PromptTokens(
            text=self._tail - self._cached_tail + (head if self._is_first else 0),
            cached_text=self._cached_tail + (0 if self._is_first else head),
            page=sum(self._seals) - cached_page,
            cached_page=cached_page,
        )
        self._is_first, self._cached_seals, self._cached_tail = False, len(self._seals), self._tail
        return sent

    def _seal(self, *, answered: float) -> None:
        """Seal as `step` does: all but the newest text where it is too much, and all that was answered in need."""
        policy, pages = self._policy, sum(self._seals)
        trigger = find_trigger_tokens(
            policy,
            turn_tokens=self._turn_tokens,
            head_tokens=self._workload.head_tokens,
            sealed_tokens=int(pages),
        )
        length = 0.0
        if self._tail > trigger:
            length = min(answered, self._tail - policy.keep_recent_tokens)
            length = length if length >= policy.seal_tokens else 0.0
        if not length and self._is_crowded(pages):
            length = answered
        if length <= 0:
            return
        self._tail -= length
        self._cached_tail = 0.0
        self._seals.append(length / self._workload.page_ratio)
        if sum(self._seals) > self._budget:
            self._drop_oldest(lambda: sum(self._seals) > self._budget / 2)
        if self._is_crowded(sum(self._seals)):
            self._drop_oldest(lambda: self._is_crowded(sum(self._seals)))

    def _drop_oldest(self, is_too_much: Callable[[], bool]) -> None:
        """Drop the oldest seals, but for the last one that fits; the server has to read the others anew."""
        while self._seals and is_too_much() and (len(self._seals) > 1 or self._seals[0] > self._budget):
            del self._seals[0]
        self._cached_seals = 0

    def _is_crowded(self, pages: float) -> bool:
        return self._workload.head_tokens + self._tail + pages > self._policy.prompt_tokens
