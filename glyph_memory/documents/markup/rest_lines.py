"""On which line of a file a text stands, near where a parser says. Knows lines; knows nothing about their meaning."""

from __future__ import annotations

import re

_BEFORE, _AFTER = 12, 4
"""How far from the line that docutils names a block may begin; it often names the last line."""
_WORD = re.compile(r"\w+")


class SourceLines:
    """The lines of a file."""

    def __init__(self, text: str) -> None:
        """Split a text.

        Args:
            text: The file's.
        """
        self._lines = re.split(r"\r\n|\r|\n", text)
        self.last = 1
        """The line of the last block that was found."""

    def find(self, text: str, hint: int) -> int:
        """Return the line that a block begins on: the first one near the hint that has its first words.

        Args:
            text: The block's.
            hint: About where it begins.
        """
        words = _WORD.findall(text[:200])[:2]
        for line in range(max(hint - _BEFORE, self.last, 1), min(hint + _AFTER, len(self._lines)) + 1):
            if all(word in self._lines[line - 1] for word in words):
                self.last = line
                return line
        return min(max(hint, 1), len(self._lines))

    def find_start(self, name: str, hint: int) -> int:
        """Return the line of a directive, near the hint.

        Args:
            name: The directive's.
            hint: About where it stands.
        """
        for line in range(min(hint, len(self._lines)), max(hint - _BEFORE, 0), -1):
            if f"{name}::" in self._lines[line - 1]:
                return line
        return hint

    def find_code(self, text: str, hint: int) -> tuple[int, bool]:
        """Return the line that code begins on, and whether each of its lines is one of the file's.

        Args:
            text: The code.
            hint: About where it stands.
        """
        lines = [line.strip() for line in text.rstrip("\n").split("\n")]
        first = max(hint - len(lines) - _BEFORE, 1)
        for line in range(first, min(hint + _AFTER, len(self._lines)) + 1):
            found = self._lines[line - 1 : line - 1 + len(lines)]
            if lines[0] == found[0].strip() and lines == [one.strip() for one in found]:
                self.last = line
                return line, True
        return self.find(text, hint), False
