"""Text in HTML: escaped, with what nobody sees written as its number. Nothing else here makes HTML of a text."""

from __future__ import annotations

import re
import unicodedata
from html import escape


def escape_text(text: str) -> str:
    """Escape a text for HTML; characters that are invisible or would disturb are written as numbers."""
    return "".join(
        f"\\u{{{ord(part):x}}}" if _is_hidden(part) else escape(part) for part in _split_hidden(text)
    )


def escape_and_mark(text: str) -> str:
    """Do what `escape_text` does, and mark the numbers with colour and the character's name."""
    return "".join(_mark(part) if _is_hidden(part) else escape(part) for part in _split_hidden(text))


# What HTML forbids, what turns text around, what nobody sees. CR LF and LF are both a line's end to HTML.
_HIDDEN = re.compile(
    r"([\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\ufe00-\ufe0f"
    r"\ufeff\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]|\r(?!\n))"
)


def _split_hidden(text: str) -> list[str]:
    return [part for part in _HIDDEN.split(text) if part]


def _is_hidden(part: str) -> bool:
    return len(part) == 1 and _HIDDEN.match(part) is not None


def _mark(character: str) -> str:
    return f'<mark title="{escape(describe_character(character))}">\\u{{{ord(character):x}}}</mark>'


def describe_character(character: str) -> str:
    """Return a character's number and, where it has one, its name."""
    code = f"U+{ord(character):04X}"
    return f"{code} {unicodedata.name(character, '')}".rstrip()


def paragraph(text: str) -> str:
    """Return a sentence as an HTML paragraph; an empty text for an empty sentence."""
    return f"<p>{escape_text(text)}</p>" if text else ""
