"""Return what went wrong, which thing it was, and what to do next.

The tree::

    GlyphMemoryError
    ├── StyleError (ValueError)      a page style that cannot be drawn
    ├── FontError                    a font that is missing, broken or hostile
    ├── PolicyError (ValueError)     a fold policy that cannot work, or a conversation it cannot fit
    ├── StoreError                   a database that cannot be opened, read or written
    │   └── StoreBusy                another process holds it; trying again may help
    ├── DocumentError                a file or text that cannot be read
    ├── TurnError (ValueError)       a turn or a message that cannot be kept
    ├── ProfileError (ValueError)    a model profile that is unknown or cannot count
    └── ReaderError                  the vision-language model did not answer
        ├── ReaderUnavailable        nobody there, too slow, or overloaded; trying again may help
        ├── ReaderOverflow           more tokens, images or bytes than the model takes
        ├── ReaderRefused            the server understood and said no
        └── BadReading               it answered, but not in a way that can be used

`GlyphMemoryWarning`, a warning and no error, tells where something went on in another way than was asked for.

Every message is one line: what, which (quoted), what to try next. One that quotes something long is cut in its middle.
"""

from __future__ import annotations

import sys
import warnings
from typing import ClassVar

_LONGEST = 1_000
"""Characters of a message; what it quotes may come from anybody, and a message ends up in logs and on terminals."""
_END = 300
"""Characters that stay of the end of a longer one, where it says what to do next."""


def show_value(value: object, *, at_most: int = 80) -> str:
    """Return the `repr` of any value for a message, cut where it is long; a value whose `repr` fails by its type."""
    try:
        shown = repr(value)
    except (
        Exception
    ):  # integers of thousands of digits have none, and other people's objects raise what they like
        return f"an unprintable {type(value).__name__}"
    return shown if len(shown) <= at_most else f"{shown[:at_most]}…"


class GlyphMemoryError(Exception):
    r"""Anything that glyph-memory itself raises; `except GlyphMemoryError` catches the whole tree.

    Its message is one line of 1,000 characters at the most; what cannot be printed stands in it as `\u{…}`.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(_cut_to_line(message))

    retryable: ClassVar[bool] = False
    """Whether the same call may succeed when it is made again."""


def _cut_to_line(message: str) -> str:
    line = " ".join(message.splitlines())
    if not line.isprintable():  # a name in it may hold what moves a cursor or turns the line round
        line = "".join(one if one.isprintable() else f"\\u{{{ord(one):x}}}" for one in line)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - _END - 3]} … {line[-_END:]}"


class GlyphMemoryWarning(UserWarning):
    """Something was done in another way than asked for; nothing is lost."""


_OURS = ("glyph_memory.", "langchain_glyph_memory.", "llama_index.memory.glyph.", "contextlib.")


def warn(message: str) -> None:
    """Warn with a `GlyphMemoryWarning`, at the line outside of this project that called into it."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and f"{frame.f_globals.get('__name__')}.".startswith(_OURS):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, GlyphMemoryWarning, stacklevel=level)


class StyleError(GlyphMemoryError, ValueError):
    """A page style that cannot be drawn, or whose name is unknown; the message says which setting or name is wrong."""


class FontError(GlyphMemoryError):
    """A font that is missing, is not a font, or holds nothing that can be drawn."""


class PolicyError(GlyphMemoryError, ValueError):
    """A `FoldPolicy` that cannot work, or a conversation whose newest part does not fit under it."""


class StoreError(GlyphMemoryError):
    """A memory's database cannot be opened, read or written, or does not hold what was asked for."""


class StoreBusy(StoreError):
    """The database stayed locked by another process for longer than the time limit."""

    retryable: ClassVar[bool] = True


class DocumentError(GlyphMemoryError):
    """A document that cannot be read as text; the message says where it breaks."""


class TurnError(GlyphMemoryError, ValueError):
    """A turn, or somebody else's message, that cannot be kept; the message says which field is wrong."""


class ProfileError(GlyphMemoryError, ValueError):
    """A model profile that is unknown, or an image its model would not take."""


class ReaderError(GlyphMemoryError):
    """A reader gave no usable answer."""


class ReaderUnavailable(ReaderError):
    """No answer: the server is down, too slow, overloaded, or broke off half way."""

    retryable: ClassVar[bool] = True


class ReaderOverflow(ReaderError):
    """The request is larger than the model's window, or than the server's limit on images or bytes."""

    def __init__(
        self, message: str, *, window_tokens: int | None = None, prompt_tokens: int | None = None
    ) -> None:
        super().__init__(message)
        self.window_tokens = window_tokens
        """What the server takes, where it said so."""
        self.prompt_tokens = prompt_tokens
        """What the prompt was as the server counts, at the least, where it said so."""


class ReaderRefused(ReaderError):
    """The server understood the request and will not serve it: model unknown, images not taken, no key."""


class BadReading(ReaderError):
    """The server's answer is not a chat completion."""
