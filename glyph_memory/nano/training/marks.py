"""Make up dense text: newlines as marks with counts, long runs as a sign with a count.

Knows characters; knows nothing about pages or colours.
"""

from __future__ import annotations

import re
from random import Random

GAP = "\u2009"
"""A gap beside a mark that is too narrow to be a space."""
_RUN = re.compile(r"([^\w\s\\⏎·→×])\1{7,}")
_SPACES = re.compile(r"(?<=\S) {4,}(?=\S)")
_INDENT = re.compile(r"[ \t]*")
MARKS = re.compile(r"(?:⏎|\\n)(?:×\d+ ?)?(?:\d+→?)?|·\d+|(?<=[^\w ])×\d+")
"""What a page draws in the colour of marks; now and then it is content that looks the same."""


def fold_lines(random: Random, text: str) -> str:
    """Return a text on one line: newlines, indentation and long runs are marks with counts, in one of several ways."""
    mark = random.choice(("⏎", "⏎", "⏎", "\\n", "\\n"))
    before, after = random.choice(
        (("", ""), (" ", " "), (" ", " "), *[(GAP, GAP)] * 3, ("", GAP), (" ", GAP), ("", " "))
    )
    counted, narrow = random.random() < 0.8, random.choice(("", GAP))
    folded, empty = list[str](), 0
    for line in text.split("\n"):
        if not line.strip():
            empty += 1
            continue
        indent = _INDENT.match(line)
        depth = indent[0] if indent else ""
        content = line.strip()
        if counted:
            content = _RUN.sub(lambda run: f"{run[1]}{narrow}×{len(run[0])}{narrow}", content)
            content = _SPACES.sub(lambda gap: f"{narrow}·{len(gap[0])}{narrow}", content)
        newlines = mark * (empty + 1) if empty < 3 or not counted else f"{mark}×{empty + 1}"
        count = ""
        if counted and depth:
            count = f"{len(depth)}→" if "\t" in depth else str(len(depth))
            count = f" {count}" if "×" in newlines else count
        folded.append(f"{before}{newlines}{count}{after}{content}")
        empty = 0
    return "".join(folded).strip()
