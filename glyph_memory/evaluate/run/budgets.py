"""What a prompt may cost: a number of tokens, or a share of what the whole text costs. Knows numbers alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from glyph_memory.errors import PolicyError, show_value


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """The most that a prompt may cost."""

    tokens: int | None = None
    """So many tokens; None where it is a share."""
    percent: float | None = None
    """So many of a hundred tokens that the whole sample costs as text; None where it is a number of tokens."""

    @classmethod
    def of(cls, budget: str | float | Budget) -> Self | Budget:
        """Return a budget, given itself, `"40%"`, a share such as 0.4, or a whole number of tokens.

        Raises:
            PolicyError: It is none of these.

        Example:
            >>> Budget.of("40%").name, Budget.of(0.4).name, Budget.of(2048).name
            ('40%', '40%', '2048')
        """
        if isinstance(budget, Budget):
            return budget
        said = str(budget).strip().replace(",", "")
        if isinstance(budget, float):
            said = f"{100 * budget:g}%"
        if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4})?%", said) and float(said[:-1]) > 0:
            return cls(percent=float(said[:-1]))
        if re.fullmatch(r"[0-9]{1,9}", said) and int(said):
            return cls(tokens=int(said))
        raise PolicyError(
            f"{show_value(budget)} is no budget; give a share of the whole text such as '40%', or a number of tokens"
        )

    @property
    def name(self) -> str:
        """As it is written in results."""
        return f"{self.percent:g}%" if self.percent is not None else str(self.tokens)

    def count_tokens(self, text_tokens: int) -> int:
        """Return it in tokens.

        Args:
            text_tokens: What the whole sample costs as text.
        """
        if self.percent is None:
            return self.tokens or 0
        return int(text_tokens * self.percent / 100 + 1e-6)
