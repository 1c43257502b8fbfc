"""Find the identifiers in a text: prose, JSON, logs, code, in any script.

An atom that is an identifier is taken whole; else it is taken apart at its loosest joint, and its parts are
looked at. Knows how to put spans and shapes together; knows nothing about turns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from glyph_memory.ledger.identifier import Identifier, IdentifierKind
from glyph_memory.ledger.shapes import classify
from glyph_memory.ledger.spans import LETTERS, SPANS

_LONGEST = 4096
"""Characters; what is longer without a break is content, such as an encoded picture."""

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
    kinds: dict[str, IdentifierKind] = {}
    counts: dict[str, int] = {}
    known: dict[str, tuple[_Part, ...]] = {}
    for match in SPANS.finditer(text):
        shape, span = match.lastgroup or "", match[0]
        if shape[0] == "w" or not 3 <= len(span) <= _LONGEST:
            continue  # words, as nearly all are
        if shape != "atom0":
            found = _read_span(span, shape[:-1])
        elif "/" in (span[0], span[-1]) and text[match.start() - 1 : match.start()] == "<":
            continue  # </tag>, <tag/>
        elif (seen := known.get(span)) is not None:
            found = seen
        else:
            found = known[span] = tuple(_split_atom(span, 0))
        for part, kind in found:
            kinds.setdefault(part, kind)
            counts[part] = counts.get(part, 0) + 1
    return tuple(Identifier(text=part, kind=kind, count=counts[part]) for part, kind in kinds.items())


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
