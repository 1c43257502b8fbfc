"""What a style is judged by: the `Exam`, a fixed list of questions about texts as pages.

Knows answers and costs; knows nothing about readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from glyph_memory.style import PageStyle


@dataclass(frozen=True, kw_only=True, slots=True)
class ExamCost:
    """What the texts of an exam cost, as text and as pages."""

    text_tokens: int
    """As text."""
    page_tokens: int
    """As pages, by the model's own rule."""

    @property
    def rho(self) -> float:
        """ρ: text tokens that a page token stands for."""
        return self.text_tokens / self.page_tokens


@dataclass(frozen=True, kw_only=True, slots=True)
class ExamAnswer:
    """What came of one question."""

    score: float = 0.0
    """0 to 1."""
    fault: str = ""
    """Why there was nothing to judge, as "refused"; such an answer counts as wrong."""
    error: str = ""
    """The same in a sentence."""
    is_missing: bool = False
    """Whether nobody answered: then it is asked again when the search goes on."""


class Exam(Protocol):
    """Questions that every style is asked, in the same order."""

    @property
    def size(self) -> int:
        """How many questions there are."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the answers depend on besides the style, as plain values: kept beside them, and compared."""

    def measure(self, style: PageStyle) -> ExamCost:
        """Return what all texts cost in a style, without asking anybody.

        Raises:
            GlyphMemoryError: They cannot be drawn in it.
        """

    def ask(self, style: PageStyle, number: int) -> ExamAnswer:
        """Ask one question, and judge the answer; called from several threads.

        Args:
            style: How pages look.
            number: Which question, from 0.
        """
