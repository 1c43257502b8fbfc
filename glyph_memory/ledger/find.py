"""Find the identifiers of a text: spans that one linear regex cuts out, then each span's parts.

Knows text; knows nothing about turns or budgets.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache

from glyph_memory.ledger.kinds import Identifier, IdentifierKind, classify

LETTERS = (
    r"A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u036f"
    r"\u0370-\u03ff\u0400-\u052f\u1e00-\u1eff"
)
"""Letters of scripts that put blanks between words, so that an identifier ends where Chinese begins."""

_W = rf"[0-9_{LETTERS}]"
_JOINT = r"[./:@+~#%\-]"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]{0,30}+:(?:\\?/){2}"
_IN_URL = rf"(?:[0-9_{LETTERS}.\-/:@%+~#?=&$!*;|]|\\/|,(?!{_SCHEME}))"
_URL = rf"{_SCHEME}(?:{_IN_URL}|\({_IN_URL}*+\)|\[{_IN_URL}*+\]|\{{{_IN_URL}*+\}})++"

_WORD_ENDS = rf"(?:(?=[.,:]?\s)|(?!{_W}|{_JOINT}|[\\=]))"
_WORDS = rf"[a-zBCEGHIKLPQRT-Z][a-z]*+{_WORD_ENDS} ?+(?:[a-zBCEGHIKLPQRT-Z][a-z]*+{_WORD_ENDS} ?+)*+"
_WORD = rf"[AJFMSOND][a-z]*+{_WORD_ENDS}"

_MONTH = (
    r"[JFMASOND](?:anuary|an|ebruary|eb|arch|ar|pril|pr|ay|une|un|uly|ul|ugust|ug|eptember|ept|ep|ctober|ct"
    r"|ovember|ov|ecember|ec|anuar|ebruar|ärz|ai|uni|uli|ktober|kt|ezember|ez)(?![^\W\d_])\.?"
)
_CLOCK = r"\d\d?:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?(?:[AaPp]\.?[Mm]\b|Z\b|UTC|GMT|CES?T|[+\-]\d\d:?\d\d))?"
_CLOCK = rf"{_CLOCK}(?!{_W}|{_JOINT}{_W})"
_DAY = r"\d\d?(?:\.|st|nd|rd|th)?"
_YEAR = rf"(?:19|20)\d\d(?!{_W})"
_DATES = (
    rf"\d{{4}}-\d\d-\d\d[T ]{_CLOCK}",
    rf"\d\d?/{_MONTH}/\d{{4}}(?::{_CLOCK})?",
    rf"{_DAY}[ \-]{_MONTH}(?:,?[ \-]{_YEAR})?(?:,? {_CLOCK})?",
    r"\d{2,4}年\d\d?月(?:\d\d?日)?",
    r"\d{4}년 ?\d\d?월(?: ?\d\d?일)?",
)
_MONTH_FIRST = rf"{_MONTH} \d\d?(?:st|nd|rd|th)?(?!{_W})(?:,? {_YEAR})?(?:,? {_CLOCK})?"

_NUMBERS = (
    # 1,234,567.89 and its kin, but not a list of numbers
    rf"(?<![\[,])\d{{1,3}}(?:[,'’\u00a0\u202f]\d{{3}})++(?:\.\d++)?(?!{_W}|[\],]\d|\])",
    rf"\d{{1,3}}(?:\.\d{{3}}){{1,5}},\d\d(?!{_W})",
    # cards, phones
    rf"\d{{4}}(?: \d{{4}}){{3}}(?!{_W})",
    rf"\d{{4}} \d{{6}} \d{{5}}(?!{_W})",
    rf"0\d{{2,4}}[ /]\d{{3,12}}(?: \d{{2,9}}){{0,3}}(?!{_W})",
)
_PHONES = (
    r"[+]\d{1,3}(?:[ .\-/]?(?:\(\d{1,5}\)|\d{1,5})){2,7}(?!\d)",
    rf"[(]\d{{2,5}}\) ?\d{{2,5}}(?:[ \-]\d{{2,5}}){{1,3}}(?!{_W})",
)
_IBAN = rf"[A-Z][A-Z]\d\d(?: [A-Z0-9]{{4}}){{3,7}}(?: [A-Z0-9]{{1,3}})?(?!{_W})"

_FOLDER = rf"[\-0-9_{LETTERS}.$~@+#%()]++"
_WINDOWS = tuple(
    start + rf"{_FOLDER}(?:(?: {_FOLDER}){{0,3}}?{slash}{_FOLDER}){{{least},}}+(?:{slash})?"
    for start, slash, least in (
        (r"[A-Za-z]:\\\\(?!\\)", r"\\\\(?!\\)", 0),  # as JSON and code write it
        (r"[A-Za-z]:\\(?!\\)", r"\\(?!\\)", 0),
        (r"[\\]\\\\\\(?!\\)", r"\\\\(?!\\)", 1),
        (r"[\\]\\(?!\\)", r"\\(?!\\)", 1),
    )
)
_ADDRESS = r"[\[](?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f.]{0,15}+\]:\d{1,5}"
_ESCAPES = (r"""[\\]\\{0,3}+(?:[nrtbf"'/]|u[0-9A-Fa-f]{4})""", r"[\x1b]\[[0-9;]{0,16}+[A-Za-z]")
_BLOBS = (
    r"[d]ata:[\w/+.\-]{0,80}+;base64,[A-Za-z0-9+/=%]*+",
    # three or more lines of base64, but not a list of hashes
    r"[A-Za-z0-9+/](?m:(?<=^.)(?![0-9A-Fa-f]{47,}+\r?$)[A-Za-z0-9+/]{47,127}+=*+\r?\n"
    r"(?:[A-Za-z0-9+/]{48,128}+=*+\r?\n){2,}+(?:[A-Za-z0-9+/]++=*+\r?$)?)",
)
_ATOM = (
    rf"(?:{_W}|[./~@+\-](?!{_SCHEME}))"
    rf"(?:{_W}++|{_JOINT}(?!{_SCHEME})|\\\\?+(?![nrtbfu\\])(?={_W}))*+(?:={{1,2}}+(?!{_W}))?"
)


def _branch(name: str, *patterns: str) -> str:
    """Return one alternative of the regex; an empty group at the end of each pattern names what was matched.

    A pattern that begins with a set of characters is ruled out faster than one that begins with a group.
    """
    return "|".join(f"{pattern}(?P<{name}{n}>)" for n, pattern in enumerate(patterns))


@cache
def compile_spans() -> re.Pattern[str]:
    """Return the regex that matches one span after the other; its last group's name says what it is, but for a number.

    Compiled with the first text and not with the import, which it would slow down.
    """
    return re.compile(
        "|".join(
            (
                _branch("words", _WORDS),
                rf"(?=[0-9])(?:{_branch('date', *_DATES)}|{_branch('number', *_NUMBERS)})",
                _branch("month", _MONTH_FIRST),
                _branch("word", _WORD),
                _branch("url", _URL),
                _branch("path", *_WINDOWS),
                _branch("blob", *_BLOBS),
                _branch("key", _IBAN),
                _branch("phone", *_PHONES),
                _branch("address", _ADDRESS),
                _branch("escape", *_ESCAPES),
                _branch("atom", _ATOM),
            )
        )
    )


_LONGEST = 4096
"""Characters; what is longer without a break is content, such as an encoded picture."""

_KNOWN = 4096
"""Of how many atoms it is remembered what they hold: most texts name the same things again and again."""

_HANDLE = re.compile(r"\[secret [a-z0-9\-]{1,40} \Z")
"""What stands before the digits of a secret's handle: they name nothing that anybody looks for."""

_Part = tuple[str, IdentifierKind]

_JOINTS = tuple(
    re.compile(joint)
    for joint in (
        r"\.{2,}(?![/.])",
        "-{2,}",
        "@",
        "[#%]",
        ":+(?=[/~])",
        ":+",
        r"\\+",
        "[~+]",
        "/+",
        r"\.",
        "-",
    )
)
"""Where an atom may be taken apart, loosest first."""


def find_identifiers(text: str) -> tuple[Identifier, ...]:
    """List the identifiers of a text, each once, in order of first mention.

    Takes linear time on any input. A part of an identifier (the path of a URL) is not listed unless it also
    stands alone. Runs of more than 4096 characters and blocks of base64 lines are content, not identifiers.

    Example:
        >>> [(i.kind, i.text) for i in find_identifiers("Commit 5c2a3ce broke src/pool.py:86, v2.0.1-rc1.")]
        [('hash', '5c2a3ce'), ('path', 'src/pool.py:86'), ('version', 'v2.0.1-rc1')]
    """
    return tuple(identifier for found in iter_identifiers(text, at_most=sys.maxsize) for identifier in found)


def iter_identifiers(text: str, *, at_most: int) -> Iterator[Iterator[Identifier]]:
    """Yield the identifiers of a text in batches, so that few of very many are in memory at a time.

    Within a batch each is told once, in order of first mention. One that is mentioned again after its batch was full
    is in a later one, too: its count is the sum of them.

    Args:
        text: The text.
        at_most: How many different ones a batch may hold, about.
    """
    kinds: dict[str, IdentifierKind] = {}
    counts: dict[str, int] = {}
    for found in _find_parts(text):
        if len(kinds) >= at_most and any(part not in kinds for part, _ in found):
            yield _tell(kinds, counts)
            kinds, counts = {}, {}
        for part, kind in found:
            if part in kinds:
                counts[part] = counts.get(part, 1) + 1
            else:
                kinds[part] = kind
    if kinds:
        yield _tell(kinds, counts)


def _tell(kinds: dict[str, IdentifierKind], counts: dict[str, int]) -> Iterator[Identifier]:
    return (Identifier(text=part, kind=kind, count=counts.get(part, 1)) for part, kind in kinds.items())


def _find_parts(text: str) -> Iterator[Sequence[_Part]]:
    """Yield the identifiers in each span of a text that has any."""
    known: dict[str, tuple[_Part, ...]] = {}
    for match in compile_spans().finditer(text):
        shape, span = match.lastgroup or "", match[0]
        if shape[0] == "w" or not 3 <= len(span) <= _LONGEST:
            continue  # words, as nearly all are
        if (
            len(span) == 8
            and text.startswith("]", match.end())
            and _HANDLE.search(text[max(0, match.start() - 60) : match.start()])
        ):
            continue
        if shape != "atom0":
            found = _read_span(span, shape[:-1])
        elif "/" in (span[0], span[-1]) and text[match.start() - 1 : match.start()] == "<":
            continue  # </tag>, <tag/>
        elif (seen := known.get(span)) is not None:
            found = seen
        else:
            if len(known) >= _KNOWN:
                known.clear()
            found = known[span] = tuple(_split_atom(span, 0))
        if found:
            yield found


def _read_span(span: str, shape: str) -> tuple[_Part, ...]:
    """Return the identifier in a span that was matched together with its blanks or brackets."""
    if shape == "url":
        span = span.rstrip(".,;:!?*|")
        return () if span.endswith("/") and span[:-1].endswith((":/", ":\\/")) else ((span, "url"),)
    if shape == "address":
        return ((span, "url"),)
    if shape == "path":
        span = span.rstrip(".,;:!?")
        if span.count(")") > span.count("("):
            span = span.rstrip(").,;:!?")
        return ((span, "path"),) if len(span) > 3 else ()
    if shape in {"date", "month"}:
        return ((span, "date"),)
    if shape in {"number", "phone"}:
        digits = sum(character.isdigit() for character in span)
        return ((span, "number"),) if digits >= (5 if shape == "number" else 7) else ()
    return ((span, "key"),) if shape == "key" else ()


def _split_atom(atom: str, joint: int) -> Iterator[_Part]:
    """Yield an atom if it is an identifier, else those of its parts that are."""
    atom = _trim_punctuation(atom)
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
                yield from _split_atom(part, level + 1)
            return


def _trim_punctuation(atom: str) -> str:
    """Remove the sentence's punctuation around an atom."""
    if atom.endswith("="):
        body = atom.rstrip("=")
        if len(atom) % 4 or len(atom) < 12 or body.isalpha():
            atom = body
    if atom and atom[-1] in ".:-+@%~#/\\":
        stripped = atom.rstrip(".:-+@%~#/\\")
        atom = stripped + "/" if atom[len(stripped) :].startswith("/") else stripped
    if atom.startswith("---"):  # a ruled line, not a flag
        atom = atom.lstrip("-")
    while atom and atom[0] in "-+.@~/:#%":
        if _OPENINGS.match(atom):
            break
        atom = atom[1:] if not atom.startswith("..") else atom.lstrip(".")
    return atom


_OPENINGS = re.compile(rf"--[A-Za-z]|\+\d|\.{{1,2}}/|\.[{LETTERS}]|@[\w\-]+/|~/|/[0-9_.@{LETTERS}]")
