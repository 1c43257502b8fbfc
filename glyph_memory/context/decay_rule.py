"""The `DecayRule`: how pages that have grown old are drawn again, denser, and when that has to pay.

Knows styles and numbers; draws nothing, and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from glyph_memory.checks import check_whole
from glyph_memory.context.options import PageOptions
from glyph_memory.errors import PolicyError, StyleError, show_value
from glyph_memory.style import PageStyle
from glyph_memory.tokens import build_page_style

OLD = "old"
"""The kind of pages that were drawn again: it names their style, as kinds of text name theirs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DecayRule:
    """How pages that have grown old are drawn again denser, and when.

    Raises:
        PolicyError: A number is out of range.
        StyleError: There is no preset of that name.

    Example:
        >>> DecayRule(style="dark", keep_seals=8).within_requests
        100
    """

    style: PageStyle | str
    """How old pages look, as a style or by the name of a preset; smaller letters than those of new ones."""
    keep_seals: int = 4
    """So many of the newest seals stay as they are."""
    within_requests: int = 100
    """Within so many requests the tokens saved have to pay for the broken prefix, by the memory's prices. Without
    prices, pages are drawn again only where the prefix is broken anyway: where the oldest seals leave."""

    def __post_init__(self) -> None:
        check_whole("keep_seals", self.keep_seals, PolicyError)
        check_whole("within_requests", self.within_requests, PolicyError, at_least=1)
        PageStyle.of(self.style)


def build_old_style(rule: DecayRule | None, options: PageOptions) -> PageStyle | None:
    """Return how old pages look in a memory with some options; None without a rule.

    Raises:
        PolicyError: It is no rule.
        StyleError: The style is below the floor of the options' calibration.
    """
    if not isinstance(rule, DecayRule | None):
        raise PolicyError(f"decay={show_value(rule)} is no DecayRule; give DecayRule(style=…), or None")
    return None if rule is None else build_page_style(rule.style, options.calibrated_profile)


def check_denser(style: PageStyle | str, share: float) -> None:
    """Raise an error where old pages would not cost less than new ones.

    Args:
        style: Of old pages.
        share: What a character costs on them, of what it costs on new ones.

    Raises:
        StyleError: It is 1 or more.
    """
    if share >= 1:
        raise StyleError(
            f"decay: pages in the style {show_value(style)} take {share:.2f} times the tokens of new ones; give one "
            "with smaller letters"
        )
