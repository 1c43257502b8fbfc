"""The demo's second half: a long conversation is remembered, shown, searched and looked at closely."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.cli.commands import recall, report
from glyph_memory.folding import Fold
from glyph_memory.memory import GlyphMemory, Passage, ZoomResult
from glyph_memory.report import MemorySection
from glyph_memory.transcript import Transcript

SESSION = "demo"
_QUERY, _ANCHOR = "deploy key catalogue", "§22"
_SEALS, _RECENT, _LINES = 2, 6, 4
"""What of it is shown: seals with their pages, recent turns; and lines of a ledger on the terminal."""
_NOTE = (
    "The same conversation as an agent would have it: its old turns on pages that never change again, identifiers "
    "beside them letter for letter, the newest turns as text, and everything to be recalled word for word."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoMemory:
    """A conversation in a database, and what was looked up in it."""

    path: Path
    """The database."""
    section: MemorySection
    """For the report."""
    fold: Fold
    """What is where."""
    found: tuple[Passage, ...]
    """What a search gave."""
    zoomed: ZoomResult
    """One turn."""

    def show(self) -> None:
        """Print the memory's figures, lines of a ledger, a passage and a turn."""
        screen = terminal.console()
        screen.print()
        screen.print(Text("The conversation's memory", "bold"))
        report.show(self.section.report, self.fold, how_counted=False)
        seal = self.fold.visible_seals[0]
        _print_heading(
            "From the ledger", f"beside pages 1 to {len(seal.pages)}, for what print makes hard to read"
        )
        for line in seal.ledger[:_LINES]:
            screen.print(Text(f"  {terminal.escape_controls(line)}"), soft_wrap=True)
        _print_heading("Recalled by words", f'recall("{_QUERY}")')
        recall.show(self.found, _QUERY)
        _print_heading("Looked at by its number", f'zoom("{_ANCHOR}")')
        turn = self.zoomed.turns[0]
        screen.print(recall.label(turn.anchor or 0, turn.role, turn.name))
        recall.print_exactly(self.zoomed.text)
        screen.print()
        there = f"--memory {shlex.quote(str(self.path))} --session {SESSION}"
        screen.print(
            Text.assemble("Look further: ", (f"glyph-memory recall gateway {there}", "cyan")), soft_wrap=True
        )


def remember(talk: Transcript, path: Path) -> DemoMemory:
    """Store a conversation in an emptied session, then search it and zoom into it.

    Raises:
        StoreError: The database cannot be written.
    """
    with GlyphMemory.open(path, session=SESSION) as memory:
        memory.clear()
        with terminal.progress("The conversation's memory", total=len(talk), unit="turns") as step:
            memory.extend(talk, progress=lambda turns: step(turns, turns))
        found = memory.recall(_QUERY, k=1)
        zoomed = memory.zoom(_ANCHOR)
        section = MemorySection.of(
            memory,
            title="The conversation's memory",
            note=_NOTE,
            recalled=[(_QUERY, passage) for passage in found],
            seals=_SEALS,
            recent=_RECENT,
        )
        return DemoMemory(path=path, section=section, fold=memory.fold(), found=found, zoomed=zoomed)


def _print_heading(what: str, how: str) -> None:
    screen = terminal.console()
    screen.print()
    screen.print(Text.assemble((what, "bold"), (f"  {how}", "dim")), soft_wrap=True)
