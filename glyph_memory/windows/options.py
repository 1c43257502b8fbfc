"""How long documents are read window by window: `WindowOptions`.

Knows numbers and names; asks nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from glyph_memory.checks import check_number, check_whole
from glyph_memory.errors import DocumentError, show_value
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile

Combine = Literal["ask", "list"]
"""What becomes of the windows' answers: one more request puts them together; or they are listed, each under its pages,
for readers that quote and do not reason."""
OnError = Literal["tell", "raise"]
"""What becomes of a window that failed: it is told and the others go on; or its error is raised."""


class WindowFields(TypedDict, total=False):
    """The fields of `WindowOptions`, as keywords."""

    profile: ModelProfile | str | None
    window_tokens: int | None
    answer_tokens: int
    max_pages: int | None
    overlap: int
    style: PageStyle | str | None
    way: Literal["auto", "reflow", "native"]
    beside: float
    combine: Combine
    on_error: OnError
    max_concurrent: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowOptions:
    """How a document is read window by window."""

    profile: ModelProfile | str | None = None
    """The model that reads; unless given, the one that the reader's server names, else Glyph."""
    window_tokens: int | None = None
    """Prompt and answer of a request together; unless given, what the reader or its server says, else the profile's."""
    answer_tokens: int = 1024
    """What is kept free for an answer. Give the reader the same `max_tokens`."""
    max_pages: int | None = None
    """How many pages a window may have, where fewer than fit are to be looked at together."""
    overlap: int = 1
    """How many pages of a window the next one shows again, so that what goes over a page's end is seen whole."""
    style: PageStyle | str | None = None
    """How documents are drawn that come as such, and not as pages."""
    way: Literal["auto", "reflow", "native"] = "auto"
    """As `draw_pages` takes it, for the same."""
    beside: float = 1 / 16
    """How much of a page's text tokens the links and identifiers quoted beside it may take; 0 for none."""
    combine: Combine = "ask"
    """What becomes of the windows' answers."""
    on_error: OnError = "tell"
    """What becomes of a window that failed. A server that refuses (no key, no such model) ends it either way."""
    max_concurrent: int = 4
    """How many windows are asked at a time; so many are drawn and held. Their answers come together, when the last of
    them is there."""

    def __post_init__(self) -> None:
        """Raise an error for options that mean nothing.

        Raises:
            DocumentError: The message says which.
        """
        for name in ("window_tokens", "max_pages"):
            check_whole(name, getattr(self, name), DocumentError, at_least=1, or_none=True)
        for name in ("answer_tokens", "max_concurrent"):
            check_whole(name, getattr(self, name), DocumentError, at_least=1)
        check_whole("overlap", self.overlap, DocumentError)
        check_number("beside", self.beside, DocumentError, at_most=1)
        for name, known in (("combine", ("ask", "list")), ("on_error", ("tell", "raise"))):
            if getattr(self, name) not in known:
                raise DocumentError(
                    f"{name}={show_value(getattr(self, name))} is not known; give {known[0]!r} or {known[1]!r}"
                )
