"""Find a server's prices from timed prompts: the prices, none below 0, that come nearest to what was measured.

Knows tokens and seconds; asks nobody anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from glyph_memory.checks import LONGEST_S, check_number
from glyph_memory.errors import PolicyError, show_value
from glyph_memory.folding.prices import PromptTokens, ServerPrices

_KINDS = ("text", "cached_text", "page", "cached_page")
_HOW = (
    "time prompts of text and of pages, each twice, so that the second time the server has them: "
    "glyph-memory calibrate does"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TimedPrompt:
    """A prompt that was sent to a server, and how long it took until the answer began."""

    tokens: PromptTokens
    """What was in it."""
    seconds: float
    """Until the first token of the answer."""

    def __post_init__(self) -> None:
        """Raise `PolicyError` for what no prompt takes."""
        if not isinstance(self.tokens, PromptTokens):
            raise PolicyError(
                f"tokens={show_value(self.tokens)} are no PromptTokens; give PromptTokens(text=…)"
            )
        check_number("seconds", self.seconds, PolicyError, at_most=LONGEST_S, is_open=True)
        for kind in _KINDS:
            check_number(f"tokens.{kind}", getattr(self.tokens, kind), PolicyError, at_most=1e12)


def fit_prices(timed: Iterable[TimedPrompt], *, source: str = "timed prompts") -> ServerPrices:
    """Return the prices in seconds that come nearest to how long prompts took: least squares, no price below 0.

    What was never sent has no price of its own: a cached token costs what the other kind's cached token costs, or,
    where nothing was cached, what one costs that is read anew. A request's fixed time is told apart from its tokens'
    only where there are more sizes of prompts than kinds of tokens; else all time is the tokens'.

    Args:
        timed: At least one prompt with text that was read anew, and one with a page.
        source: What the prices say of where they come from.

    Raises:
        PolicyError: Nothing was sent of text or of pages, or what was sent does not tell them apart.
    """
    prompts = list(timed)
    for one in prompts:
        if not isinstance(one, TimedPrompt):
            raise PolicyError(f"{show_value(one)} is no TimedPrompt; {_HOW}")
    sent = [kind for kind in _KINDS if any(getattr(one.tokens, kind) for one in prompts)]
    for kind in ("text", "page"):
        if kind not in sent:
            raise PolicyError(f"no timed prompt has {kind} that was read anew; {_HOW}")
    sizes = {tuple(float(getattr(one.tokens, kind)) for kind in sent) for one in prompts}
    if not _are_told_apart([*sizes]):
        raise PolicyError(f"what was timed does not tell {' from '.join(sent)}; {_HOW}")
    has_request = len(sizes) > len(sent) and _are_told_apart([(*size, 1.0) for size in sizes])
    columns = [*sent, "request"] if has_request else sent
    rows = [
        [1.0 if name == "request" else float(getattr(one.tokens, name)) for name in columns]
        for one in prompts
    ]
    found = dict(zip(columns, _solve(rows, [one.seconds for one in prompts]), strict=True))
    for kind in ("text", "page"):
        if not found[kind] > 0:
            raise PolicyError(f"what was timed does not tell what a token of {kind} costs; {_HOW}")
    cached = [found[kind] for kind in ("cached_text", "cached_page") if kind in found]
    return ServerPrices(
        text=found["text"],
        page=found["page"],
        cached_text=found.get("cached_text", cached[0] if cached else None),
        cached_page=found.get("cached_page", cached[0] if cached else None),
        request=found.get("request", 0.0),
        source=source,
    )


def _are_told_apart(rows: Sequence[Sequence[float]]) -> bool:
    """Return whether no kind of tokens was only ever sent in proportion to others, whose time is then anybody's."""
    import numpy as np  # noqa: PLC0415  where prices are typed by hand, nothing is solved

    matrix = np.array(rows, float)
    # Of the same size, whatever is counted: a thousand tokens beside one request are no proportion.
    matrix /= np.linalg.norm(matrix, axis=0)
    return bool(np.linalg.matrix_rank(matrix, tol=1e-6) == matrix.shape[1])


def _solve(rows: Sequence[Sequence[float]], seconds: Sequence[float]) -> list[float]:
    """Return the coefficients, none below 0, with the least squares: of the few columns, each subset is tried."""
    import numpy as np  # noqa: PLC0415  where prices are typed by hand, nothing is solved

    matrix, target = np.array(rows, float), np.array(seconds, float)
    # Each prompt counts by its share, so that long prompts do not decide alone.
    matrix, target = matrix / target[:, None], np.ones_like(target)
    width = matrix.shape[1]
    best, least = [0.0] * width, float("inf")
    for count in range(width, 0, -1):
        for chosen in combinations(range(width), count):
            solved, *_ = np.linalg.lstsq(matrix[:, chosen], target, rcond=None)
            if (solved < 0).any():
                continue
            error = float(np.square(matrix[:, chosen] @ solved - target).sum())
            if error < least - 1e-9:
                least, best = error, [0.0] * width
                for place, value in zip(chosen, solved, strict=True):
                    best[place] = float(value)
    return best
