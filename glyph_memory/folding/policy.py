"""The `FoldPolicy`: when old turns are sealed, how many, what showing them may cost, and which seals leave.

Knows token counts and limits; knows nothing about turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self, get_args

from glyph_memory.errors import PolicyError
from glyph_memory.folding.seal import Seal
from glyph_memory.tokens import ModelProfile

UnseenForm = Literal["text", "pages"]
"""How turns are shown that the model has not answered yet."""

NOTE_TOKENS = 256
"""Kept free for the note above the pages and for what a chat template puts round messages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoldPolicy:
    """When to seal, how much, and what may be spent. Sizes are in tokens of the model that reads.

    `FoldPolicy.for_profile` gives one that fits a model; `dataclasses.replace` turns its dials.

    Example:
        >>> policy = FoldPolicy.for_profile(ModelProfile.from_name("glyph"))
        >>> policy.keep_recent_tokens, policy.trigger_tokens
        (4096, 12288)
        >>> FoldPolicy(window_tokens=32_768, keep_recent_tokens=2_000, seal_tokens=2_000, trigger_tokens=3_000)
        Traceback (most recent call last):
        ...
        glyph_memory.errors.PolicyError: trigger_tokens=3000 is below keep_recent_tokens=2000 + \
seal_tokens=2000: nothing could be sealed; raise trigger_tokens to 4000 or more
    """

    window_tokens: int
    """What the server takes for prompt and answer together; its `--max-model-len`."""
    output_tokens: int = 1024
    """Kept free for the answer."""
    tools_tokens: int = 0
    """Kept free for the descriptions of tools, which a chat template adds to the prompt."""
    keep_recent_tokens: int = 1024
    """The newest turns that stay text come to this at least."""
    seal_tokens: int = 1024
    """A run of turns that is sealed comes to this at least."""
    trigger_tokens: int = 3072
    """Turns are sealed when those that are text come to more than this. The further it lies above
    `keep_recent_tokens`, the rarer a server has to read its prompt anew."""
    max_run_tokens: int = 4096
    """A run that would cost more as pages than it saves grows to this, then stays text for good."""
    min_ratio: float = 1.3
    """A run becomes pages only if they cost at least this many times less than its text; 1 and above."""
    ledger_share: float = 1 / 16
    """How much of a run's text tokens its ledger of identifiers may take; 0 for none."""
    pinned_tokens: int = 1024
    """How much pinned turns may take that are repeated as text."""
    attachments_tokens: int = 1024
    """How much a seal's attachments may take (PDF, audio, pictures by address), which are sent beside its pages as they
    came, the cheapest first; never more than a quarter of what all seals may take. The others are named."""
    unseen: UnseenForm = "text"
    """How turns are shown that the model has not answered yet: as "text", as they came, as long as they fit; or as
    "pages" as soon as they are many enough, which costs less and shows them smaller."""
    max_images: int | None = None
    """Images that a request may hold; None where there is no limit."""
    max_request_px: int | None = None
    """Pixels of all images of a request; None where there is no limit."""
    max_request_bytes: int | None = None
    """Bytes of all images of a request, as encoded files; None where there is no limit."""

    def __post_init__(self) -> None:
        """Raise `PolicyError` for a policy that cannot work; the message names the values that contradict."""
        least = {"window_tokens": 1, "keep_recent_tokens": 1, "seal_tokens": 1, "trigger_tokens": 1}
        least |= {"output_tokens": 0, "tools_tokens": 0, "pinned_tokens": 0, "max_run_tokens": 1}
        least |= {"attachments_tokens": 0}
        for name, lowest in (least | {"max_request_px": 0, "max_request_bytes": 0}).items():
            value = getattr(self, name)
            if value is not None and value < lowest:
                raise PolicyError(f"{name}={value!r} is below {lowest}; give {lowest} or more")
        if self.max_images is not None and self.max_images < 2:
            raise PolicyError(
                f"max_images={self.max_images!r} leaves none for a page beside a recent turn's own; have the server "
                "take 2 or more (vLLM: --limit-mm-per-prompt), or give None where it has no limit"
            )
        if not 0 <= self.ledger_share < 1:
            raise PolicyError(
                f"ledger_share={self.ledger_share!r} is no share; give 0 or more, and less than 1"
            )
        if not self.min_ratio >= 1:
            raise PolicyError(
                f"min_ratio={self.min_ratio!r} would pay for pages that save nothing; give 1 or more"
            )
        if self.unseen not in get_args(UnseenForm):
            raise PolicyError(f"unseen={self.unseen!r} is neither 'text' nor 'pages'")
        needed = self.keep_recent_tokens + self.seal_tokens
        if self.trigger_tokens < needed:
            raise PolicyError(
                f"trigger_tokens={self.trigger_tokens} is below keep_recent_tokens={self.keep_recent_tokens} + "
                f"seal_tokens={self.seal_tokens}: nothing could be sealed; raise trigger_tokens to {needed} or more"
            )
        if self.max_run_tokens < self.seal_tokens:
            raise PolicyError(
                f"max_run_tokens={self.max_run_tokens} is below seal_tokens={self.seal_tokens}; raise it to that"
            )
        room = self.seal_budget_tokens(head_tokens=0)
        if room < self.seal_tokens:
            raise PolicyError(
                f"window_tokens={self.window_tokens} leaves {room} for pages, less than seal_tokens={self.seal_tokens},"
                f" beside output_tokens={self.output_tokens}, tools_tokens={self.tools_tokens}, pinned_tokens="
                f"{self.pinned_tokens}, keep_recent_tokens={self.keep_recent_tokens} for a repeated request, and "
                f"{self.tail_tokens} for recent turns (trigger_tokens={self.trigger_tokens}, max_run_tokens="
                f"{self.max_run_tokens}); lower those, or serve the model with a larger window"
            )

    @classmethod
    def for_profile(cls, profile: ModelProfile) -> Self:
        """Return the policy that fits a model's window, the same proportions for each.

        Recent text is a thirty-second of the window, 4,096 tokens at the most: enough for the last exchanges and
        tool results, little enough that sealing, after which a server reads the recent text anew, stays cheap. A
        twentieth of the window is left unused where text is not counted with the model's own tokenizer.
        """
        unit = max(64, min(4096, profile.window_tokens // 32))
        window = profile.window_tokens - (0 if profile.text_counter.exact else profile.window_tokens // 20)
        return cls(
            window_tokens=window,
            output_tokens=min(8192, profile.window_tokens // 8),
            tools_tokens=unit,
            keep_recent_tokens=unit,
            seal_tokens=unit,
            trigger_tokens=3 * unit,
            max_run_tokens=4 * unit,
            pinned_tokens=unit,
            attachments_tokens=unit,
            max_images=profile.max_images,
            max_request_px=profile.max_request_px,
            max_request_bytes=profile.max_request_bytes,
        )

    @property
    def tail_tokens(self) -> int:
        """What is kept free for turns that are still text; what is new may take more, and seals then leave for it.

        Turns that were answered wait for a run that is large enough or that pays, with at most one turn behind it that
        is not sealed by itself, and with less than `keep_recent_tokens` behind that.
        """
        return max(self.trigger_tokens, self.max_run_tokens + self.seal_tokens + self.keep_recent_tokens)

    @property
    def prompt_tokens(self) -> int:
        """The most that a prompt may come to, tools not counted."""
        return self.window_tokens - self.output_tokens - self.tools_tokens

    @property
    def sealed_attachments_tokens(self) -> int:
        """The most that the attachments of one seal may take that are still sent."""
        return min(self.attachments_tokens, self.seal_budget_tokens(head_tokens=0) // 4)

    @property
    def calls_tokens(self) -> int:
        """What may be taken by telling the calls for the latest request whose results are no longer shown."""
        return max(64, self.keep_recent_tokens // 2)

    def seal_budget_tokens(self, *, head_tokens: int) -> int:
        """Return how many tokens all seals together may take beside a head of that size; never below 0.

        The window less what is kept for the answer, tools, head, recent turns at their most, pinned turns, and a
        request that is repeated (`keep_recent_tokens`).
        """
        repeated = self.pinned_tokens + self.keep_recent_tokens
        return max(0, self.prompt_tokens - head_tokens - self.tail_tokens - repeated - NOTE_TOKENS)


def count_evicted(seals: Sequence[Seal], policy: FoldPolicy, *, head_tokens: int) -> int:
    """Count the oldest seals to evict: none where all fit, else as many as bring them down to half the budget.

    The newest stays as long as it fits by itself; one that does not leaves with all the others.
    """
    budget = _Budget(policy, head_tokens=head_tokens)
    if budget.has_room(seals, share=1):
        return 0
    count = next(
        (count for count in range(len(seals)) if budget.has_room(seals[count:], share=2)), len(seals)
    )
    return len(seals) - 1 if count == len(seals) and budget.has_room(seals[-1:], share=1) else count


class _Budget:
    """What all seals that are shown may cost together. An eighth of a request's images is for the recent turns' own."""

    def __init__(self, policy: FoldPolicy, *, head_tokens: int) -> None:
        self._tokens = policy.seal_budget_tokens(head_tokens=head_tokens)
        limits = (policy.max_images, policy.max_request_px, policy.max_request_bytes)
        self._images, self._pixels, self._bytes = (
            None if limit is None else limit - -(-limit // 8) for limit in limits
        )

    def has_room(self, seals: Sequence[Seal], *, share: int) -> bool:
        """Return whether seals fit into a share of the budget: 1 for all of it, 2 for half."""
        spent = (
            (self._tokens, sum(seal.tokens for seal in seals)),
            (self._images, sum(seal.images for seal in seals)),
            (self._pixels, sum(seal.pixels for seal in seals)),
            (self._bytes, sum(seal.bytes for seal in seals)),
        )
        return all(limit is None or share * used <= limit for limit, used in spent)
