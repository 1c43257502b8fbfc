"""Tell an identifier from a word by its shape alone.

Knows one run of characters without blanks; knows nothing about what stands around it.
"""

from __future__ import annotations

import re

from glyph_memory.ledger.identifier import IdentifierKind
from glyph_memory.ledger.names import is_key, is_name
from glyph_memory.ledger.paths import address_kind, path_kind

_PATTERNS: tuple[tuple[IdentifierKind, str], ...] = (
    ("uuid", r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"),
    ("hash", r"(?i:sha\d{1,3}|md5|blake\w{1,3})[:\-][0-9A-Za-z+/_\-]{16,}={0,2}"),
    ("hash", r"0[xX][0-9A-Fa-f]{4,}"),
    ("hash", r"(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{7,}|(?=\d*[A-F])(?=[A-F]*\d)[0-9A-F]{7,}"),
    ("hash", r"[0-9A-Fa-f]{2}(?:[:\-][0-9A-Fa-f]{2}){5,}"),
    (
        "date",
        r"(?:19|20)\d\d(?P<ymd>[\-/.])\d{1,2}(?P=ymd)\d{1,2}(?:[T:]\d\d:?\d\d(?::?\d\d(?:[.,]\d+)?)?(?:Z|[+\-]\d\d:?\d\d)?)?",
    ),
    ("date", r"(?:0?[1-9]|[12]\d|3[01])(?P<dmy>[\-/.])(?:0?[1-9]|[12]\d|3[01])(?P=dmy)(?:19|20)\d\d"),
    ("date", r"(?:0?[1-9]|[12]\d|3[01])/(?:0?[1-9]|[12]\d|3[01])/\d\d|\d{8}T\d{4,6}Z?"),
    ("date", r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+\-]\d\d:?\d\d)?"),
    ("url", r"\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|/\d{1,2})?"),
    ("url", r"(?=[^:]*+:[^:]*+:)(?=.*\d)(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?:/\d{1,3})?"),
    ("version", r"[vV]\d++(?:\.\d++)++(?:[+\-._]?[0-9A-Za-z][0-9A-Za-z.+\-]*+)?"),
    ("version", r"\d+\.\d+\.\d+(?:\.\d+)?(?:[+\-.]?[A-Za-z][0-9A-Za-z.+\-]*)?"),
    ("version", r"\d+\.\d+[\-.]?(?:rc|alpha|beta|a|b|dev|post|pre)[.\-]?\d*"),
    ("email", r"[\w.%+\-]++@(?:[\w\-]++\.)++[^\W\d_]{2,}+"),
    ("url", r"[\w.\-]++@[\w.\-]++:(?=[\d./~\-]*+[A-Za-z])[\w./~\-]++"),
    ("name", r"@[\w.\-]+/[\w.\-]+(?:@[\w.^~\-]+)?"),
    ("number", r"\+?\d++(?:[.\-]\d++)*+(?:[A-Za-zµ]{1,5})?"),
)
_SHAPES = re.compile("|".join(f"(?:{pattern})(?P<_{n}>)" for n, (_, pattern) in enumerate(_PATTERNS)))
_YEARS = re.compile(r"(?:19|20)\d\d-(?:(?:19|20)\d\d|\d\d)")
_DIGITS = re.compile(r"\d++")


def classify(atom: str) -> IdentifierKind | None:
    """Return the kind of an atom; None for words, for short numbers and for what has to be split."""
    match = _SHAPES.fullmatch(atom)
    if match:
        shape = _PATTERNS[int((match.lastgroup or "_0")[1:])][0]
        return shape if shape != "number" or _is_long_number(atom) else None
    if "/" in atom or "\\" in atom:
        return path_kind(atom) or ("key" if is_key(atom) else None)
    if (":" in atom or "." in atom) and (kind := address_kind(atom)):
        return kind
    if is_key(atom):
        return "key"
    return "name" if is_name(atom) else None


def _is_long_number(atom: str) -> bool:
    """Return whether a number is long: five digits in a row, or seven in groups, and not a span of years."""
    groups = [len(group) for group in _DIGITS.findall(atom)]
    if "-" in atom:
        return not _YEARS.fullmatch(atom) and (max(groups) >= 5 or (sum(groups) >= 7 and groups != [4, 4]))
    return sum(groups) >= 5
