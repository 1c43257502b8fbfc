"""Patterns for paths, as .gitignore has them: `*.py`, `docs/**/*.md`, `build/`. Knows text; touches no files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from glyph_memory.errors import DocumentError, show_value

_PIECES = re.compile(r"\*\*/|\*+|\?|\[!?\]?[^\]]*\]|\\.|[^*?\[\\]+|.", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Glob:
    """A pattern, ready to be matched."""

    expression: re.Pattern[str]
    """What whole relative paths match, with `/` between their parts."""
    is_for_folders: bool
    """Whether it ends with `/`, and so means folders alone."""

    def matches(self, path: str, *, is_folder: bool) -> bool:
        """Return whether a path matches.

        Args:
            path: Relative, with `/` between its parts.
            is_folder: Whether a folder is there.
        """
        return (is_folder or not self.is_for_folders) and self.expression.fullmatch(path) is not None


def parse_globs(patterns: str | Sequence[str]) -> tuple[Glob, ...]:
    """Return patterns ready to be matched.

    One without a slash, but at its end, matches at any depth; one with a slash counts from the top. `*` stops at a
    slash, `**` does not.

    Args:
        patterns: One, or several.

    Raises:
        DocumentError: One is no text, or empty.

    Example:
        >>> [pattern] = parse_globs("docs/**/*.md")
        >>> [pattern.matches(path, is_folder=False) for path in ("docs/a.md", "docs/x/y/a.md", "a.md")]
        [True, True, False]
    """
    return tuple(map(_parse, [patterns] if isinstance(patterns, str) else patterns))


def _parse(pattern: str) -> Glob:
    body = pattern.rstrip("/") if isinstance(pattern, str) else ""
    if not body:
        raise DocumentError(
            f"{show_value(pattern)} is no pattern for files; write it as *.py or docs/**/*.md"
        )
    is_from_top = "/" in body
    body = body.removeprefix("/").removeprefix("./")
    expression = "".join(map(_translate, _PIECES.findall(body)))
    return Glob(
        expression=re.compile(expression if is_from_top else f"(?:.*/)?{expression}", re.DOTALL),
        is_for_folders=pattern.endswith("/"),
    )


_FIXED = {"**/": "(?:.*/)?", "**": ".*", "?": "[^/]"}


def _translate(piece: str) -> str:
    if piece in _FIXED:
        return _FIXED[piece]
    if piece.startswith("*"):
        return "[^/]*"
    if piece.startswith("[") and len(piece) > 2:
        return _translate_set(piece)
    return re.escape(piece[1:] if piece.startswith("\\") and len(piece) > 1 else piece)


def _translate_set(piece: str) -> str:
    inside = piece[1:-1].replace("\\", r"\\").replace("[", r"\[")
    inside = f"^/{inside[1:]}" if inside.startswith("!") else inside
    try:
        re.compile(f"[{inside}]")
    except re.error:  # a range that runs backwards
        return re.escape(piece)
    return f"[{inside}]"
