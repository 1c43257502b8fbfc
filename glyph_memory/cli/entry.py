"""Run the program: what goes wrong becomes one line and an exit code.

0 is success, 1 one of our errors, 2 a command that was spelled wrong, 130 Ctrl-C.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import warnings
from typing import TextIO

from glyph_memory.cli.escapes import escape_sentence
from glyph_memory.cli.spelling import spell_options
from glyph_memory.errors import GlyphMemoryError, GlyphMemoryWarning

_SHOW_OTHERS = warnings.showwarning
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_OF_WRITES = {*_FULL, errno.EIO, errno.EBADF, errno.EINVAL, errno.EAGAIN}
"""What writing to standard output can fail with."""


def main() -> None:
    """Run the command line; never returns."""
    _open_closed_streams()
    _escape_unencodable()
    sys.exit(_run())


def _run() -> int:
    # Imported here: Ctrl-C while typer loads should be as quiet as any other.
    try:
        from glyph_memory.cli.program import app  # noqa: PLC0415

        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning
                app()
        finally:
            sys.stdout.flush()
    except (GlyphMemoryError, GlyphMemoryWarning) as error:  # where `-W error` makes errors of warnings
        return _print_error(str(error))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read us has seen enough, `| head` for one
        _discard_output()
        return 1
    except (
        OSError
    ) as error:  # files are our errors by now; what is left is mostly standard output, on a full disk
        _discard_output()
        return _print_error(_describe(error))
    return 0


def _describe(error: OSError) -> str:
    why = error.strerror or str(error)
    if error.filename is not None or error.errno not in _OF_WRITES:
        of = f" ({str(error.filename)!r})" if error.filename is not None else ""
        return f"the system refused what was asked: {why}{of}; give another file or folder"
    if error.errno == errno.EBADF:
        return "cannot write to standard output: it is closed; open it, or send it to /dev/null"
    return f"cannot write to standard output: {why}" + ("; is the disk full?" if error.errno in _FULL else "")


def _open_closed_streams() -> None:
    """Put something in the place of a standard output or standard error that was closed before we began.

    Else the next file that is opened, a database perhaps, would have its number. Writing to the former fails, as it
    should; what is written to the latter is gone.
    """
    if sys.stdout is None:
        sys.stdout = _open_null(1, os.O_RDONLY)
    if sys.stderr is None:
        sys.stderr = _open_null(2, os.O_WRONLY)


def _open_null(number: int, how: int) -> TextIO:
    handle = os.open(os.devnull, how)
    if handle != number:
        os.dup2(handle, number)
        os.close(handle)
    return os.fdopen(number, "w", encoding="utf-8", closefd=False)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print our warnings as the program's own, and others as Python does."""
    if issubclass(category, GlyphMemoryWarning):
        from glyph_memory.cli import terminal  # noqa: PLC0415 - for the same reason

        terminal.warn(str(message))
    else:
        _SHOW_OTHERS(message, category, filename, lineno, file, line)


def _print_error(message: str) -> int:
    print(f"error: {escape_sentence(spell_options(message))}", file=sys.stderr)  # noqa: T201
    return 1


def _discard_output() -> None:
    """Send what Python flushes at exit to nowhere, or it would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _escape_unencodable() -> None:
    """Write characters that the terminal's encoding lacks as their number, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
