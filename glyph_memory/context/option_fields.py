"""`PageOptionFields`: the fields of `PageOptions` as keywords, for whatever takes them one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypedDict

from glyph_memory.folding import FoldPolicy, ServerPrices
from glyph_memory.style import Calibrated, PageStyle, ReadingLimits
from glyph_memory.terminal_text import TerminalEscapes
from glyph_memory.tokens import ModelProfile

Captions = Literal["text", "page"]
"""Where pages' numbers and turns are told: in text before each page, or on the page itself."""


class PageOptionFields(TypedDict, total=False):
    """The fields of `PageOptions` as keywords. Whatever takes `options` takes these beside it, and they win."""

    profile: ModelProfile | str
    style: PageStyle | str | None
    policy: FoldPolicy | None
    window_tokens: int | None
    captions: Captions
    pages: str | Path | None
    terminal_escapes: TerminalEscapes
    cached_conversations: int
    canaries: int | None
    calibration: ReadingLimits | Calibrated | str | Path | None
    prices: ServerPrices | None
