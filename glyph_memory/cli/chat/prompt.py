"""What a user types, message by message: at a prompt with history, or a line each where it comes through a pipe."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable

from glyph_memory.errors import DocumentError

try:
    import readline
except ImportError:  # Windows, and some builds of Python: lines are typed without history
    readline = None  # type: ignore[assignment]  # where the module is not there

_BEGIN, _MORE = "› ", "… "


class Prompt:
    """Reads one message after the other from standard input.

    Args:
        history: What was typed earlier, oldest first, for the arrow keys.

    Raises:
        DocumentError: Standard input is closed.
    """

    def __init__(self, history: Iterable[str] = ()) -> None:
        if sys.stdin is None:
            raise DocumentError("standard input is closed; type messages, or pipe them in, a line each")
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="backslashreplace")  # bytes that are no text come as their number
        self.is_terminal = sys.stdin.isatty()
        if self.is_terminal and readline is not None:
            for line in history:
                if "\n" not in line:
                    readline.add_history(line)

    def next(self) -> str | None:
        """Return the next message, stripped of white space at both ends, or None at the end.

        At a prompt, a line that ends in a backslash goes on in the next one.
        """
        line = self._read_line(_BEGIN)
        while line is not None and self.is_terminal and line.endswith("\\"):
            more = self._read_line(_MORE)
            line = f"{line[:-1]}\n{more or ''}"
        return None if line is None else line.strip()

    def _read_line(self, prompt: str) -> str | None:
        if not self.is_terminal:
            line = sys.stdin.readline()
            return line.rstrip("\n") if line else None
        if not sys.stdout.isatty():  # answers go to a file; Python would write the prompt there, too
            sys.stderr.write(prompt)
            sys.stderr.flush()
            prompt = ""
        try:
            return input(_color_prompt(prompt))
        except EOFError:
            return None


def _color_prompt(prompt: str) -> str:
    # Readline has to be told what takes no room, or it would move the cursor wrongly on long lines.
    if readline is None or not prompt:
        return prompt
    return f"\001\033[1;36m\002{prompt}\001\033[0m\002"
