"""Look for patterns only where a literal stands. Knows nothing about what the patterns find.

A literal is found many times faster than a pattern: most texts hold none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from glyph_memory.secrets.finding import SecretFinding
from glyph_memory.secrets.looks import lower_ascii

LiteralRules = tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...]
"""A literal, a pattern that begins with it and has a group `secret`, and whether what stands there is a secret."""


def find_by_literals(text: str, rules: LiteralRules, kind: str, *, is_lower: bool) -> Iterator[SecretFinding]:
    """Yield what rules find.

    Args:
        text: The text.
        rules: What to look for.
        kind: Of the findings.
        is_lower: Whether literals are in lower case, ASCII, and stand for capitals too.
    """
    searched = lower_ascii(text).decode("ascii") if is_lower else text
    for literal, pattern, accepts in rules:
        place = searched.find(literal)
        while place >= 0:
            match = pattern.match(text, place)
            if match and accepts(match["secret"]):
                yield SecretFinding(start=match.start("secret"), end=match.end("secret"), kind=kind)
            place = searched.find(literal, match.end() if match else place + len(literal))
