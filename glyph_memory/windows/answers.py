"""What was answered window by window, and in the end: `WindowReading`, `WindowLoss` and `WindowsReading`.

Knows answers and pages' names; knows nothing about requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from glyph_memory.context.windows_wording import name_range
from glyph_memory.errors import DocumentError, show_value
from glyph_memory.readers import Reading, Usage
from glyph_memory.windows.seen import SeenPage

WindowLossKind = Literal["failed", "cut off", "shortened", "not combined"]
"""What is missing from an answer: a window's, as it failed; the end of one that was too long to write; the middle of
one that was too long to put together with others; or all of them stand there, and were not put together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowLoss:
    """Something that the final answer does not take into account."""

    kind: WindowLossKind
    """What happened."""
    pages: str
    """Which pages it is about, by name."""
    message: str
    """What happened and what to do, in one line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowReading:
    """What was answered about the pages of one window."""

    number: int
    """The window's, counted from 1."""
    pages: tuple[SeenPage, ...] = field(repr=False)
    """What was looked at, in order."""
    overlap: int = 0
    """How many of the first pages the window before shows, too."""
    text: str = ""
    """The answer; empty where there was none."""
    found: bool = False
    """Whether the pages say anything about the question."""
    error: str = ""
    """Why there is no answer; empty where there is one."""
    prompt_tokens: int = 0
    """What was sent, as counted here."""
    usage: Usage = field(default_factory=Usage)
    """Tokens as the server counted them."""
    is_cut_off: bool = False
    """Whether the answer ends because there was no room for more."""
    key: str = field(default="", repr=False)
    """Tells the question, the pages and what was said about them from any other, so that an answer is used again only
    where it fits."""

    @property
    def name(self) -> str:
        """What its pages are called, from the first to the last."""
        return name_range(str(self.pages[0]), str(self.pages[-1]))

    def to_json(self) -> dict[str, object]:
        """Return it as plain values for JSON; `from_json` takes them back."""
        usage = {name: getattr(self.usage, name) for name in Usage.__dataclass_fields__}
        plain = {
            name: getattr(self, name) for name in self.__dataclass_fields__ if name not in {"pages", "usage"}
        }
        return {**plain, "pages": [page.to_json() for page in self.pages], "usage": usage}

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> WindowReading:
        """Return a reading that `to_json` gave, or one that was saved in a file.

        Raises:
            DocumentError: It is nothing of the kind.
        """
        try:
            pages, usage = values["pages"], values["usage"]
            plain = {name: value for name, value in values.items() if name not in {"pages", "usage"}}
            return cls(
                pages=tuple(SeenPage(**page) for page in pages),  # type: ignore[attr-defined]  # checked by trying
                usage=Usage(**usage),  # type: ignore[arg-type]  # as before
                **plain,  # type: ignore[arg-type]  # as before
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise DocumentError(
                f"{show_value(values)} is no saved WindowReading; give what to_json returned"
            ) from error


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowsReading:
    """What a document beyond the model's window says about a question."""

    text: str
    """The final answer; empty where no page says anything."""
    found: bool
    """Whether any page says anything about the question."""
    windows: tuple[WindowReading, ...] = field(repr=False)
    """Each window's answer, in order: pass them in as `done` to go on from here."""
    readings: tuple[Reading, ...] = field(default=(), repr=False)
    """What was answered when answers were put together, in order; the last one is the final answer."""
    losses: tuple[WindowLoss, ...] = ()
    """What the final answer does not take into account; none where all pages were read and all answers used."""
    prompt_tokens: int = 0
    """What was sent in all requests together, as counted here; of windows that were done before, too."""

    @property
    def pages(self) -> tuple[SeenPage, ...]:
        """Every page that was read, once, in order."""
        return _list_pages(window for window in self.windows if not window.error)

    @property
    def unread_pages(self) -> tuple[SeenPage, ...]:
        """Every page that no answer is about, since its windows failed."""
        read = set(self.pages)
        failed = _list_pages(window for window in self.windows if window.error)
        return tuple(page for page in failed if page not in read)


def _list_pages(windows: Iterable[WindowReading]) -> tuple[SeenPage, ...]:
    return tuple(dict.fromkeys(page for window in windows for page in window.pages))
