r"""Find the identifiers in a text: prose, JSON, logs, code, in any script.

Knows where one may begin and end; what counts as one is for `shapes` to say. Knows nothing about turns.

A text is cut into *atoms*, the longest runs of letters, digits and the marks that join them. An atom that is an
identifier is taken whole; else it is split at its loosest joint and its parts are looked at. What holds blanks
or brackets (written dates, phone numbers, URLs) is matched before. No pattern gives back what it has taken, and
none starts again within what another has read, so time grows with the text and not faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from glyph_memory.ledger.identifier import Identifier, IdentifierKind
from glyph_memory.ledger.shapes import LETTERS, classify

_LONGEST = 4096
"""Characters; what is longer without a break is content, such as an encoded picture."""

_W = rf"[0-9_{LETTERS}]"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]{0,30}+:(?:\\?/){2}"
_URL_CHARACTER = rf"[0-9_{LETTERS}.\-/:@%+~#?=&$!*;|]|\\/|,(?!{_SCHEME})"
_MONTH = (
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|January|February|March|April|June|July|August"
    r"|September|October|November|December|Januar|Februar|März|Mai|Juni|Juli|Oktober|Dezember)(?![^\W\d_])"
)
_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?(?:[AaPp]\.?[Mm]\b|Z|UTC|GMT|CES?T|[+-]\d\d:?\d\d))*"
_END = rf"(?!{_W}|[.,/@:\-]{_W})"
_SPANS: dict[str, str] = {
    "blob": r"data:[\w/+.\-]{0,80}+;base64,[A-Za-z0-9+/=%]*+"
    r"|(?m:^)(?:(?![0-9A-Fa-f]++\r?$)[A-Za-z0-9+/]{48,128}+=*+\r?\n){3,}+(?:[A-Za-z0-9+/]++=*+\r?$)?",
    "url": rf"{_SCHEME}(?:(?:{_URL_CHARACTER})|\((?:{_URL_CHARACTER})*+\)|\[(?:{_URL_CHARACTER})*+\]"
    rf"|\{{(?:{_URL_CHARACTER})*+\}})++",
    "bracketed": r"\[(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f.]*+\]:\d{1,5}",
    "windows": r"(?:[A-Za-z]:|(?=\\\\[\w.$\-]++\\\\?[\w.$\-]))(?:"
    r"\\\\(?!\\)(?:SEG(?:(?: SEG){0,3}?\\\\SEG)*+(?:\\\\(?!\\))?)?|\\(?!\\)(?:SEG(?:(?: SEG){0,3}?\\SEG)*+\\?)?"
    r"|\\\\SEG(?:\\SEG)++)".replace("SEG", rf"(?:[\-0-9_{LETTERS}.$~@+#%()]++)"),
    "escape": r"""\\{1,4}+(?:[nrtbf"'/]|u[0-9A-Fa-f]{4})|\x1b\[[0-9;]{0,16}+[A-Za-z]""",
    "date": r"\d{4}-\d\d-\d\d[T ]" + _CLOCK + _END + rf"|\d{{1,2}}/{_MONTH}/\d{{4}}(?::{_CLOCK})?"
    rf"|\d{{1,2}}(?:\.|st|nd|rd|th)?[ \-]{_MONTH}\.?,?(?:[ \-]\d{{4}}\b)?(?:,? {_CLOCK})?"
    rf"|{_MONTH}\.? \d{{1,2}}\b(?:st|nd|rd|th)?(?:,? \d{{4}}\b)?(?:,? {_CLOCK})?"
    r"|\d{2,4}年\d{1,2}月(?:\d{1,2}日)?|\d{4}년 ?\d{1,2}월(?: ?\d{1,2}일)?",
    "number": rf"(?<![\[,])[+\-]?\d{{1,3}}(?:[,'’\u00a0\u202f]\d{{3}})++(?:\.\d++)?(?!{_W}|[\],]\d|\])"
    r"|\d{1,3}(?:\.\d{3})+,\d{2}\b"
    r"|\d{4}(?: \d{4}){3}\b|\d{4} \d{6} \d{5}\b"
    r"|\+\d{1,3}(?:[ .\-/]?\(?\d{1,5}\)?){2,7}(?!\d)|\(\d{2,5}\) ?\d{2,5}(?:[ \-]\d{2,5}){0,3}\b"
    r"|0\d{2,4}[ /]\d{3,}(?: \d{2,}){0,3}\b",
    "key": r"[A-Z]{2}\d\d(?: [A-Z0-9]{4}){3,7}(?: [A-Z0-9]{1,3})?\b",
    "atom": rf"(?:{_W}|[./~@+\-](?!{_SCHEME}))"
    rf"(?:{_W}++|[./:@+~#%\-](?!{_SCHEME})|\\{{1,2}}+(?![nrtbfu\\])(?={_W}))*+(?:={{1,2}}+(?!{_W}))?",
}
_TEXT = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _SPANS.items()))

_JOINTS = tuple(
    re.compile(joint)
    for joint in ("[=]+", r"\.{2,}(?![/.])", "-{2,}", "@", "[#%]", ":+", r"\\+", "[~+]", "/+", r"\.", "-")
)
"""Where an atom may be taken apart, loosest first."""


def find_identifiers(text: str) -> tuple[Identifier, ...]:
    """List what has to be read to the letter, each once, in order of first mention.

    Takes linear time on any input. A part of an identifier (the path of a URL) is not listed unless it also
    stands alone. Runs of more than 4096 characters and blocks of base64 lines are content, not identifiers.

    Example:
        >>> [(i.kind, i.text) for i in find_identifiers("Commit 5c2a3ce broke src/pool.py:86, v2.0.1-rc1.")]
        [('hash', '5c2a3ce'), ('path', 'src/pool.py:86'), ('version', '2.0.1-rc1')]
    """
    kinds: dict[str, IdentifierKind] = {}
    counts: dict[str, int] = {}
    known: dict[str, tuple[tuple[str, IdentifierKind], ...]] = {}
    for match in _TEXT.finditer(text):
        span, shape = match[0], match.lastgroup or ""
        if shape == "atom":
            if span.isalpha() and (span[1:].islower() or span.isupper() or len(span) < 5):
                continue  # a plain word, as nearly all are
            if len(span) > _LONGEST:
                continue
            tag = match.start() and span[0] == "/" and text[match.start() - 1] == "<"
            found = known.get(span)
            if found is None:
                found = known[span] = tuple(_take_apart(span, 0))
            if tag and len(found) == 1 and found[0][0] == span:
                continue
        else:
            found = tuple(_span(span, shape))
        for part, kind in found:
            kinds.setdefault(part, kind)
            counts[part] = counts.get(part, 0) + 1
    return tuple(Identifier(text=part, kind=kind, count=counts[part]) for part, kind in kinds.items())


def _span(span: str, shape: str) -> Iterator[tuple[str, IdentifierKind]]:
    """Read what was matched together with its blanks or brackets."""
    if len(span) > _LONGEST or shape in {"blob", "escape"}:
        return
    if shape == "url":
        span = span.rstrip(".,;:!?*|")
        if not span.endswith(":/") and not span.endswith("//"):
            yield span, "url"
    elif shape == "bracketed":
        yield span, "url"
    elif shape == "windows":
        span = span.rstrip(".,;:!?")
        if len(span) > 3:
            yield span, "path"
    elif shape == "date":
        yield span.rstrip(" ,"), "date"
    elif shape == "number":
        if sum(character.isdigit() for character in span) >= 5:
            yield span, "number"
    elif shape == "key":
        yield span, "key"


def _take_apart(atom: str, joint: int) -> Iterator[tuple[str, IdentifierKind]]:
    """Give an atom if it is an identifier, else those of its parts that are."""
    atom = _strip(atom)
    if len(atom) < 3 or (atom.isalpha() and atom[1:].islower()):
        return
    kind = classify(atom)
    if kind is not None:
        yield atom, kind
        return
    for level in range(joint, len(_JOINTS)):
        parts = _JOINTS[level].split(atom)
        if len(parts) > 1:
            for part in parts:
                yield from _take_apart(part, level + 1)
            return


def _strip(atom: str) -> str:
    """Take the punctuation of the sentence off."""
    if atom.endswith("="):
        body = atom.rstrip("=")
        if len(atom) % 4 or len(atom) < 12 or body.isalpha():
            atom = body
    if atom and atom[-1] in ".:-+@%~#/\\":
        stripped = atom.rstrip(".:-+@%~#/\\")
        atom = stripped + "/" if atom[len(stripped) :].startswith("/") else stripped
    while atom and atom[0] in "-+.@~/:#%":
        if _OPENINGS.match(atom):
            break
        atom = atom[1:] if not atom.startswith("..") else atom.lstrip(".")
    return atom


_OPENINGS = re.compile(rf"--[A-Za-z]|\+\d|\.{{1,2}}/|\.[{LETTERS}]|@[\w\-]+/|~/|/[0-9_.@{LETTERS}]")
