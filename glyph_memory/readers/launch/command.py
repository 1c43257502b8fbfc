"""The `ServerCommand`: what starts a server, each setting with its reason, and the same as a shell script.

Knows words and how a shell reads them; knows nothing about engines, models or pages.
"""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

_COMMENT_WIDTH = 116


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """An option of the server's program, or a variable of its environment."""

    name: str
    """As it is typed: `--port`, or `CUDA_VISIBLE_DEVICES`."""
    value: str | None = None
    """What follows it; None for a flag."""
    why: str
    """What it does for pages, in a sentence or two."""
    is_variable: bool = False
    """Whether it is a variable of the environment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerCommand:
    """What starts a server."""

    engine: str
    """Which server: `"vllm"`, `"sglang"` or `"llama.cpp"`."""
    model: str
    """As it was asked for."""
    profile: str | None
    """The model's profile; None where it is unknown."""
    window_tokens: int
    """What the server takes: prompt and answer together."""
    window_pages: int
    """How many pages fill that window."""
    program: tuple[str, ...]
    """The program and what stands before its options."""
    settings: tuple[Setting, ...]
    """Options and variables."""
    notes: tuple[str, ...] = ()
    """What was assumed, and what else to know."""

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Those notes that say what was assumed."""
        return tuple(note for note in self.notes if note.startswith("Assumed: "))

    @property
    def environment(self) -> dict[str, str]:
        """The variables to set."""
        return {one.name: one.value or "" for one in self.settings if one.is_variable}

    @property
    def arguments(self) -> tuple[str, ...]:
        """The program with its options, each word by itself: for `subprocess.run`."""
        return (*self.program, *(word for words in self._list_options() for word in words))

    def to_script(self, *, explain: bool = True) -> str:
        """Return a script for a POSIX shell: the command, and below it a comment on each setting.

        Every word is quoted for the shell, and a line end in a reason or a note ends no comment.
        """
        variables = [f"{name}={shlex.quote(value)}" for name, value in self.environment.items()]
        lines = [*variables, shlex.join(self.program), *map(shlex.join, self._list_options())]
        first = len(variables)
        indented = [f"{'    ' * (place > first)}{line}" for place, line in enumerate(lines)]
        command = " \\\n".join(indented)
        return "\n".join([command, *(self._list_comments() if explain else ())]) + "\n"

    def to_json(self) -> dict[str, object]:
        """Return all of it as plain values."""
        return {
            "engine": self.engine,
            "model": self.model,
            "profile": self.profile,
            "window_tokens": self.window_tokens,
            "window_pages": self.window_pages,
            "environment": self.environment,
            "arguments": list(self.arguments),
            "settings": [{"name": one.name, "value": one.value, "why": one.why} for one in self.settings],
            "notes": list(self.notes),
        }

    def _list_options(self) -> list[list[str]]:
        options = [one for one in self.settings if not one.is_variable]
        return [[one.name] if one.value is None else [one.name, one.value] for one in options]

    def _list_comments(self) -> Iterator[str]:
        yield "#"
        for one in self.settings:
            yield from _comment(f"{one.name}: {one.why}")
        if self.notes:
            yield "#"
        for note in self.notes:
            yield from _comment(note)


def _comment(text: str) -> list[str]:
    # Line ends become blanks here: what follows one would be a command to the shell.
    return textwrap.wrap(
        text,
        width=_COMMENT_WIDTH,
        initial_indent="# ",
        subsequent_indent="#   ",
        break_long_words=False,
        break_on_hyphens=False,
    )
