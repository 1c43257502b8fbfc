"""`glyph-memory serve-command`: the command that starts a server, as a script or as JSON."""

from __future__ import annotations

import typer

from glyph_memory.cli import terminal
from glyph_memory.readers.launch import ServerCommand


def run(planned: ServerCommand, *, explain: bool, as_json: bool) -> None:
    """Print a planned command; nothing else goes to standard output, which may be a shell's input."""
    if as_json:
        terminal.print_json(planned.to_json())
    else:
        # As it is: a shell wants the bytes that were quoted, and a table's or a terminal's width would break lines.
        typer.echo(planned.to_script(explain=explain), nl=False)
        if not explain:
            for note in planned.assumptions:
                terminal.print_note(note)
