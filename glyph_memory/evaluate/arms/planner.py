"""The planner's choice for each sample: text or pages, whichever the server's prices make cheaper.

Knows arms and prices; draws nothing itself.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from glyph_memory.context import Context, ImagePart
from glyph_memory.errors import PolicyError, show_value
from glyph_memory.evaluate.arms.pages import PagesArm
from glyph_memory.evaluate.arms.prompt import Arm, Prompt
from glyph_memory.evaluate.arms.text import TextArm
from glyph_memory.evaluate.tasks.sample import Sample
from glyph_memory.folding import PromptTokens, ServerPrices
from glyph_memory.readers import Reader
from glyph_memory.tokens import ModelProfile


class PlannerArm(Arm):
    """Text where it fits the budget and costs no more than pages, else pages with their ledger.

    A sample is asked once, so nothing of it is in the server's prefix cache.

    Args:
        prices: The server's; by the number of tokens alone unless given.
        name: What to call it.

    Raises:
        PolicyError: The prices are none.
    """

    def __init__(self, prices: ServerPrices | None = None, *, name: str = "planner") -> None:
        if not isinstance(prices, ServerPrices | None):
            raise PolicyError(f"prices={show_value(prices)} are no ServerPrices; give calibration.prices()")
        self.prices, self.name = prices, name
        self._text, self._pages = TextArm(), PagesArm(has_ledger=True)

    def __repr__(self) -> str:
        return f"PlannerArm({self.name!r})"

    def build(
        self, sample: Sample, *, budget_tokens: int, profile: ModelProfile, reader: Reader | None = None
    ) -> Prompt:
        """Return the cheaper prompt, but one that shows all of the sample goes first; see `Arm.build`."""
        refused, prompts = list[PolicyError](), list[Prompt]()
        for arm in (self._text, self._pages):
            try:
                prompts.append(arm.build(sample, budget_tokens=budget_tokens, profile=profile, reader=reader))
            except PolicyError as error:
                refused.append(error)
        if not prompts:
            raise refused[-1]
        chosen = min(prompts, key=lambda one: (bool(one.left_out), self.price(one, profile)))
        return replace(chosen, making_tokens=0)

    def price(self, prompt: Prompt, profile: ModelProfile) -> float:
        """Return what a prompt costs; its tokens where prices are unknown."""
        pages = count_page_tokens(prompt.context, profile)
        tokens = PromptTokens(text=max(0, prompt.tokens - pages), page=pages)
        return float(prompt.tokens) if self.prices is None else self.prices.cost(tokens)


def count_page_tokens(context: Context, profile: ModelProfile) -> int:
    """Count what the pages and pictures of a context cost."""
    return profile.pages_tokens(
        part.size for message in context.messages for part in message.parts if isinstance(part, ImagePart)
    )


def load_prices(path: str | Path) -> ServerPrices:
    """Return prices from a file of them, or from a calibration's.

    Raises:
        PolicyError: It cannot be read, or has none.
        StyleError: It is a calibration of another version.
    """
    from glyph_memory.evaluate.calibration.calibration import Calibration  # noqa: PLC0415
    from glyph_memory.folding.prices import read_json  # noqa: PLC0415

    value = read_json(path)
    if isinstance(value, dict) and "ladder" in value:
        return Calibration.from_json(value).prices()
    return ServerPrices.from_json(value)
