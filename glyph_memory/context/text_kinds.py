"""Tell which kind of text each line of a turn is: prose, code, logs and tables, identifiers, or CJK.

The kinds are those that a calibration measures. It looks at characters alone, so the same text has the same kinds on
every machine. Knows lines; knows nothing about styles or pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_LABEL = re.compile(r"§\d+ \w+ ?")
_CJK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_FENCE = re.compile(r"(?:§\d+ \w+ ?)?\s*(?:```|~~~)")
_STAMP = re.compile(
    r"\W*(?:\d{4}-\d\d-\d\d[T ]|\d\d:\d\d:\d\d\b|\[?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b)"
)
_PAIRS = re.compile(r"[\w.\-]+=\S|\"[^\"]+\"\s*:")
_CELLS = re.compile(r"\S(?: {2,}|\t| ?\| ?)(?=\S)")
_CODE = re.compile(
    r"^\s*(?:def|class|return|import|from|if|elif|else|for|while|try|except|fn|let|const|var|function|public|private|"
    r"static|#include|package|func|type|struct|enum|SELECT|INSERT|UPDATE|CREATE)\b.*[:;{}()=,]\s*$"
    r"|[;{}]\s*$|^\s+\S.*[=(].*[);,\]]\s*$|^\s*(?://|/\*|@\w+)|\w\([^)]*\)\s*[:;{]?\s*$|^\w[\w.]*\s*[:+\-]?=\s*\S"
)
_CHANGE = re.compile(r"[^\W\d_](?=\d)|\d(?=[^\W\d_])")
"""Where letters and digits take turns."""
_ATOM = re.compile(r"[\w\-+/=.:]{8,}")
_IDENTIFIER_SHARE = 0.3
_CJK_SHARE = 0.3
_PAIRS_AT_LEAST, _CELLS_AT_LEAST, _CHANGES_AT_LEAST = 2, 2, 2
_HEAD, _TAIL = 400, 200
"""Characters of a long line that are looked at."""


def find_kinds(text: str) -> Iterator[tuple[int, int, str]]:
    r"""Yield the stretches of a text that are of one kind, each of whole lines, in order and without a gap.

    A blank line goes with the lines before it. What stands in a fence is code.

    Example:
        >>> text = "We met at noon.\n\n```\nx = 1\n```\n2025-03-04 10:00:01 INFO up\n"
        >>> [(text[start:stop].split()[0], kind) for start, stop, kind in find_kinds(text)]
        [('We', 'prose'), ('```', 'code'), ('2025-03-04', 'logs')]
    """
    start = offset = 0
    kind, is_fenced = "", False
    for line in _LINES.findall(text):
        is_fence = _FENCE.match(line) is not None
        found = "code" if is_fence or is_fenced else classify_line(line)
        is_fenced ^= is_fence
        if found and kind and found != kind:
            yield start, offset, kind
            start = offset
        kind = found or kind
        offset += len(line)
    if offset > start:
        yield start, offset, kind or "prose"


def classify_line(line: str) -> str:
    """Return the kind of a line; empty of a blank one.

    Example:
        >>> classify_line("Service cache has the key 8f0c2d1e-77aa-4b1c-9d3e-5f6a7b8c9d0e.")
        'identifiers'
    """
    line = _LABEL.sub("", line.rstrip(), count=1) if line.startswith("§") else line.rstrip()
    if len(line) > _HEAD + _TAIL:
        line = line[:_HEAD] + line[-_TAIL:]
    content = line.strip()
    if not content:
        return ""
    if len(_CJK.findall(content)) >= _CJK_SHARE * len(content):
        return "cjk"
    if _STAMP.match(content) or _is_record(content):
        return "logs"
    drawn_from_no_word = sum(len(atom) for atom in _ATOM.findall(content) if _is_unpredictable(atom))
    if drawn_from_no_word >= _IDENTIFIER_SHARE * len(content):
        return "identifiers"
    return "code" if _CODE.search(line) else "prose"


def _is_record(content: str) -> bool:
    """Return whether a line is a row of a table, JSON, or pairs of names and values."""
    return (
        len(_PAIRS.findall(content)) >= _PAIRS_AT_LEAST
        or len(_CELLS.findall(content)) >= _CELLS_AT_LEAST
        or (content[0] == content[-1] == "|" and len(content) > 1)
    )


def _is_unpredictable(atom: str) -> bool:
    """Return whether letters and digits take turns in an atom, as in a UUID or a key."""
    return len(_CHANGE.findall(atom)) >= _CHANGES_AT_LEAST
