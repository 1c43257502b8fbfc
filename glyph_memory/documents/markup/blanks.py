"""Blanks as a browser shows them: several are one, none at the ends of lines. Knows runs; knows no formats."""

from __future__ import annotations

import re
from collections.abc import Iterable

from glyph_memory.documents.inline import Run

_BLANKS = re.compile(r"[ \t\r\f]+")


def tidy_runs(runs: Iterable[Run]) -> list[Run]:
    r"""Return runs without doubled blanks, and without any at their ends and around newlines.

    Code and formulas within a text stay letter for letter. Newlines are line breaks.

    Example:
        >>> [run.text for run in tidy_runs([Run(" so  "), Run(" be it", ("strong",)), Run(" \n ")])]
        ['so ', 'be it']
    """
    tidy, last, line = list[Run](), "\n", None
    for run in runs:
        text, kinds = run.text, run.kinds
        line = line if run.line is None else run.line
        if not kinds or ("code" not in kinds and "formula" not in kinds):
            text = _BLANKS.sub(" ", text)
            if "\n" in text:
                text = text.replace(" \n", "\n").replace("\n ", "\n")
            if last in {" ", "\n"}:
                text = text.removeprefix(" ")
        if text:
            if text[0] == "\n" and last == " ":
                _strip_end(tidy, " ")
            if text[0] == "\n" and not tidy:
                text = text.lstrip("\n ")
                if not text:
                    continue
            tidy.append(Run(text, kinds, run.target, line))
            last, line = text[-1], None
    _strip_end(tidy, " \n")
    return tidy


def _strip_end(runs: list[Run], characters: str) -> None:
    while runs and runs[-1].text[-1] in characters:
        last = runs[-1]
        text = last.text.rstrip(characters)
        if text:
            runs[-1] = Run(text, last.kinds, last.target, last.line)
            return
        runs.pop()
