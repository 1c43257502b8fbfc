"""The `FoldPolicy`: when old turns are sealed, how many, and what showing them may cost.

Knows token counts and limits; knows nothing about turns.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from math import inf
from typing import Literal, Self, TypedDict, cast, get_args

from glyph_memory.checks import LARGEST_COUNT, check_number, check_whole
from glyph_memory.errors import PolicyError
from glyph_memory.folding.trigger import NOTE_TOKENS, read_late_triggers
from glyph_memory.tokens import ModelProfile

UnseenForm = Literal["text", "pages"]
"""How turns are shown that the model has not answered yet."""

_LEAST_WINDOW_TOKENS = 1024
"""Below this no policy works."""
_TOO_SMALL = (
    "window_tokens={window} is too small for a memory; serve the model with {least:,} tokens or more "
    "(vLLM: --max-model-len)"
)


class _NotGiven(int):
    """Stands for a dial that was not given, until it is fitted to the window."""

    def __repr__(self) -> str:
        return "what fits"


_FITS = _NotGiven()


class _Dials(TypedDict):
    """The dials that depend on the window."""

    output_tokens: int
    tools_tokens: int
    keep_recent_tokens: int
    seal_tokens: int
    trigger_tokens: int
    max_run_tokens: int
    pinned_tokens: int
    attachments_tokens: int


def _fit_dials(window_tokens: int) -> _Dials:
    """Return the dials that fit a window, the same proportions for each.

    Recent text is a thirty-second of the window, 4,096 tokens at the most: enough for the last exchanges and tool
    results, little enough that sealing, after which a server reads the recent text anew, stays cheap.
    """
    unit = max(32, min(4096, window_tokens // 32))
    return {
        "output_tokens": min(8192, window_tokens // 8),
        "tools_tokens": unit,
        "keep_recent_tokens": unit,
        "seal_tokens": unit,
        "trigger_tokens": 5 * unit,
        "max_run_tokens": 4 * unit,
        "pinned_tokens": unit,
        "attachments_tokens": unit,
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class FoldPolicy:
    """When to seal, how much, and what may be spent. Sizes are in tokens of the model that reads.

    Dials that are not given fit the window. `FoldPolicy.for_profile` gives the policy that fits a model, `with_window`
    one for another window; `dataclasses.replace` turns a dial.

    Example:
        >>> policy = FoldPolicy(window_tokens=8192)
        >>> policy.keep_recent_tokens, policy.output_tokens
        (256, 1024)
        >>> policy.with_window(4096).output_tokens
        512
        >>> FoldPolicy(window_tokens=32_768, keep_recent_tokens=2_000, seal_tokens=2_000, trigger_tokens=3_000)
        Traceback (most recent call last):
        ...
        glyph_memory.errors.PolicyError: trigger_tokens=3000 is below keep_recent_tokens=2000 + \
seal_tokens=2000: nothing could be sealed; raise trigger_tokens to 4000 or more
    """

    window_tokens: int
    """What the server takes for prompt and answer together; its `--max-model-len`."""
    output_tokens: int = _FITS
    """Kept free for the answer."""
    tools_tokens: int = _FITS
    """Kept free for the descriptions of tools, which a chat template adds to the prompt."""
    keep_recent_tokens: int = _FITS
    """The newest turns that stay text come to this at least."""
    seal_tokens: int = _FITS
    """A run of turns that is sealed comes to this at least."""
    trigger_tokens: int = _FITS
    """Turns are sealed when those that are text come to more than this. The further it lies above
    `keep_recent_tokens`, the rarer a server has to read its prompt anew."""
    late_triggers: tuple[tuple[int, int], ...] = ()
    """How long turns may wait as text in the room that seals do not take, as `choose_for_prices` finds it: pairs
    of tokens a turn, growing, and of a trigger for turns of that size and less. None: always `trigger_tokens`."""
    max_run_tokens: int = _FITS
    """A run that would cost more as pages than it saves grows to this, then stays text for good."""
    min_ratio: float = 1.3
    """A run becomes pages only if they cost at least this many times less than its text; 1 and above."""
    ledger_share: float = 1 / 16
    """How much of a run's text tokens its ledger of identifiers may take; 0 for none."""
    pinned_tokens: int = _FITS
    """How much pinned turns may take that are repeated as text."""
    attachments_tokens: int = _FITS
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
        for name, lowest in least.items():
            if not isinstance(getattr(self, name), _NotGiven):
                check_whole(name, getattr(self, name), PolicyError, at_least=lowest)
        check_whole("max_images", self.max_images, PolicyError, at_least=-LARGEST_COUNT, or_none=True)
        check_whole("max_request_px", self.max_request_px, PolicyError, or_none=True)
        check_whole("max_request_bytes", self.max_request_bytes, PolicyError, or_none=True)
        # A frozen value's own constructor.
        object.__setattr__(self, "late_triggers", read_late_triggers(self.late_triggers))
        for name in ("min_ratio", "ledger_share"):  # their ranges have words of their own, below
            check_number(name, getattr(self, name), PolicyError, at_least=-inf, at_most=LARGEST_COUNT)
        self._fit()
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
        if (room := self.seal_budget_tokens(head_tokens=0)) < self.seal_tokens:
            if self.window_tokens < _LEAST_WINDOW_TOKENS:
                raise PolicyError(_TOO_SMALL.format(window=self.window_tokens, least=_LEAST_WINDOW_TOKENS))
            raise PolicyError(
                f"window_tokens={self.window_tokens!r} leaves {room:,} tokens for pages beside {self._name_largest()}; "
                "lower those, leave them out so that they fit, or call with_window"
            )

    def _fit(self) -> None:
        """Set the dials that were not given: to what fits the window, and those that were."""
        for name, fitted in cast("dict[str, int]", _fit_dials(max(0, self.window_tokens))).items():
            if isinstance(getattr(self, name), _NotGiven):
                # In this order, what they depend on is set by then.
                depends = {
                    "trigger_tokens": self.keep_recent_tokens + self.seal_tokens,
                    "max_run_tokens": self.seal_tokens,
                }
                # A frozen value's own constructor.
                object.__setattr__(self, name, max(fitted, depends.get(name, 0)))

    def _name_largest(self) -> str:
        """Return the two dials that take most of the window, as an error names them."""
        tail = "trigger_tokens" if self.tail_tokens == self.trigger_tokens else "max_run_tokens"
        names = ("output_tokens", "tools_tokens", "pinned_tokens", "keep_recent_tokens", tail)
        largest = sorted(names, key=lambda name: -int(getattr(self, name)))[:2]
        return " and ".join(f"{name}={getattr(self, name)!r}" for name in largest)

    @classmethod
    def for_profile(cls, profile: ModelProfile) -> Self:
        """Return the policy that fits a model's window and limits, the same proportions for each.

        A twentieth of the window is left unused where text is not counted with the model's own tokenizer.

        Raises:
            PolicyError: The window is too small for any policy.
        """
        if profile.window_tokens < _LEAST_WINDOW_TOKENS:
            raise PolicyError(_TOO_SMALL.format(window=profile.window_tokens, least=_LEAST_WINDOW_TOKENS))
        unused = 0 if profile.text_counter.exact else profile.window_tokens // 20
        return cls(
            window_tokens=profile.window_tokens - unused,
            max_images=profile.max_images,
            max_request_px=profile.max_request_px,
            max_request_bytes=profile.max_request_bytes,
            **_fit_dials(profile.window_tokens),
        )

    def with_window(self, window_tokens: int) -> Self:
        """Return the policy for another window.

        The dials stay what they are as long as pages keep half of the window, or the share that they have now if that
        is less; else all of them are narrowed in proportion, so that the policy fits any window from 1,024 tokens on.

        Raises:
            PolicyError: The window is too small for any policy.
        """
        check_whole("window_tokens", window_tokens, PolicyError, at_least=1)
        if window_tokens == self.window_tokens:
            return self
        share = min(0.5, self._seal_share(self.window_tokens))
        factor = 1.0 if self._seal_share(window_tokens) >= share else window_tokens / self.window_tokens
        dials = {name: int(getattr(self, name)) for name in _fit_dials(window_tokens)}
        if factor < 1:
            least = {"output_tokens": 0, "tools_tokens": 0, "pinned_tokens": 0, "attachments_tokens": 0}
            least |= {"trigger_tokens": 2}
            dials = {name: max(least.get(name, 1), int(factor * dial)) for name, dial in dials.items()}
        late = tuple((size, max(1, int(factor * trigger))) for size, trigger in self.late_triggers)
        return replace(self, window_tokens=window_tokens, late_triggers=late, **cast("_Dials", dials))

    def _seal_share(self, window_tokens: int) -> float:
        """Return which share of a window is left to seals beside the dials as they are."""
        taken = self.window_tokens - self._room_tokens
        return (window_tokens - taken) / max(1, window_tokens)

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
        return max(0, self._room_tokens - head_tokens)

    def to_json(self) -> dict[str, object]:
        """Return the dials as plain values for JSON: those that came with later versions only where they are given."""
        return {
            name: dial
            for name, dial in asdict(self).items()
            if name != "late_triggers" or dial  # older seals stay what they are
        }

    @property
    def _room_tokens(self) -> int:
        """What is left to seals beside no head; below 0 where the dials take more than there is."""
        repeated = self.pinned_tokens + self.keep_recent_tokens
        return self.prompt_tokens - self.tail_tokens - repeated - NOTE_TOKENS
