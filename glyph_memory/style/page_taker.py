"""The `PageTaker`: what a style has to know about the model that reads it. Knows no model."""

from __future__ import annotations

from typing import Protocol


class PageTaker(Protocol):
    """What a style has to know about the model that reads it; a `ModelProfile` is one."""

    @property
    def snap_px(self) -> int:
        """Sides that are multiples of this are not rescaled."""

    @property
    def newline_mark(self) -> str:
        """The mark for line breaks that the model knows best."""
