"""Run the program: what goes wrong becomes one line and an exit code.

0 is success, 1 one of our errors, 2 a command that was spelled wrong, 130 Ctrl-C.
"""

from __future__ import annotations

import io
import os
import sys

from glyph_memory.cli.escapes import escape_sentence
from glyph_memory.errors import GlyphMemoryError


def main() -> None:
    """Run the command line; never returns."""
    _escape_unencodable()
    sys.exit(_run())


def _run() -> int:
    # Imported here: Ctrl-C while typer loads should be as quiet as any other.
    try:
        from glyph_memory.cli.program import app  # noqa: PLC0415

        try:
            app()
        finally:
            sys.stdout.flush()
    except GlyphMemoryError as error:
        return _print_error(str(error))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read us has seen enough, `| head` for one
        _discard_output()
        return 1
    except OSError as error:  # files are our errors by now; what is left is standard output, on a full disk
        _discard_output()
        return _print_error(f"cannot write to standard output: {error.strerror or error}; is the disk full?")
    return 0


def _print_error(message: str) -> int:
    print(f"error: {escape_sentence(message)}", file=sys.stderr)  # noqa: T201
    return 1


def _discard_output() -> None:
    """Send what Python flushes at exit to nowhere, or it would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _escape_unencodable() -> None:
    """Write characters that the terminal's encoding lacks as their number, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
