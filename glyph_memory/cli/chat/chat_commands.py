"""What can be typed in a chat besides messages: /recall, /zoom and others."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from glyph_memory.cli import files, terminal
from glyph_memory.cli.commands import recall
from glyph_memory.cli.commands import report as report_command
from glyph_memory.errors import GlyphMemoryError, StoreError
from glyph_memory.files import expand_home
from glyph_memory.folding import Fold
from glyph_memory.memory import GlyphMemory

QUIT = ("/quit", "/exit")
_COMMAND = re.compile(r"/([a-z]+)(?:\s+(.*))?", re.DOTALL)
_PAGE_FILE = re.compile(r"(page\s*([0-9]{1,18}))\s+(\S.*\.png)", re.IGNORECASE)

Do = Callable[[GlyphMemory, str], str | None]
"""Takes the memory and what was typed behind the command; gives "ask" where the model is to be asked now."""


class Command(NamedTuple):
    """A command as it was typed."""

    do: Do
    rest: str


def parse(message: str) -> Command | None:
    """Return the command, or None for a message: also what begins with two slashes or with a path.

    Raises:
        GlyphMemoryError: There is no such command.
    """
    found = _COMMAND.fullmatch(message)
    if found is None:
        return None
    name, rest = found[1], (found[2] or "").strip()
    if name not in _COMMANDS:
        raise GlyphMemoryError(
            f"no command /{name}; /help lists them, and a message that begins so is typed with two slashes"
        )
    return Command(_COMMANDS[name][0], rest)


def _recall(memory: GlyphMemory, query: str) -> None:
    recall.show(memory.recall(_require_text(query, "/recall WORDS")), query)


def _zoom(memory: GlyphMemory, what: str) -> None:
    _require_text(what, "/zoom §42, /zoom page 7 or /zoom page 7 FILE.png")
    to_file = _PAGE_FILE.fullmatch(what)
    if to_file is not None:
        _save(memory, int(to_file[2]), expand_home(to_file[3]))
        return
    zoomed = memory.zoom(what)
    screen = terminal.console()
    if len(zoomed.turns) == 1 and not what.lower().startswith("p"):
        turn = zoomed.turns[0]
        screen.print(recall.label(turn.anchor or 0, turn.role, turn.name))
    else:
        first, last = zoomed.turns[0].anchor, zoomed.turns[-1].anchor
        screen.print(
            Text(f"{what}, §{first} to §{last}" if first != last else f"{what}, §{first}", "bold cyan")
        )
    recall.print_exactly(zoomed.text)


def _save(memory: GlyphMemory, number: int, path: Path) -> None:
    page = next((page for page in memory.pages() if page.number == number), None)
    if page is None:
        raise StoreError(
            f"page {number} is not shown now, so there is no picture of it; /zoom page {number} gives its text"
        )
    files.write(path, page.png(), is_private=True)
    width, height = page.size
    terminal.print_note(f"page {number}, {width} × {height} px, is in {path}")


def _pin(memory: GlyphMemory, what: str) -> None:
    anchor = _parse_anchor(what, "/pin 42")
    memory.pin(anchor)
    terminal.print_note(f"§{anchor} is pinned: once it is on a page, it is repeated as text.")


def _unpin(memory: GlyphMemory, what: str) -> None:
    anchor = _parse_anchor(what, "/unpin 42")
    memory.unpin(anchor)
    terminal.print_note(f"§{anchor} is pinned no longer.")


def _report(memory: GlyphMemory, rest: str) -> None:
    report_command.print_report(memory)


def _identifiers(memory: GlyphMemory, like: str) -> None:
    known = memory.identifiers(like, limit=40)
    if not known:
        terminal.print_note(
            f"No identifier that was said holds {like!r}." if like else "No identifier was said yet."
        )
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("identifier", overflow="fold")
    table.add_column("kind", no_wrap=True)
    table.add_column("said", justify="right", no_wrap=True)
    table.add_column("last in", justify="right", no_wrap=True)
    for one in known:
        last = f"§{one.anchors[-1]}" if one.anchors else "–"
        table.add_row(Text(terminal.escape_line(one.text)), one.kind, f"{one.count:,}×", last)
    terminal.console().print(table)


def _undo(memory: GlyphMemory, rest: str) -> None:
    anchor = _find_last_message(memory.fold())
    count = memory.truncate(after=anchor - 1)
    terminal.print_note(f"Forgotten for good: {terminal.format_count(count, 'turn')}, from §{anchor} on.")


def _retry(memory: GlyphMemory, rest: str) -> str:
    memory.truncate(after=_find_last_message(memory.fold()))
    return "ask"


def _help(memory: GlyphMemory, rest: str) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="cyan")
    table.add_column()
    for name, (_, what, does) in _COMMANDS.items():
        table.add_row(Text(f"/{name} {what}".rstrip()), Text(does))
    table.add_row("/quit", "leave, as Ctrl-D does; everything is stored already")
    terminal.console().print(table)
    terminal.print_note(
        "Enter alone asks again where an answer is missing. A \\ at a line's end goes on in the next line."
    )


_COMMANDS: dict[str, tuple[Do, str, str]] = {
    "recall": (_recall, "WORDS", "search all that was ever said, word for word"),
    "zoom": (_zoom, "§42 | page 7 [FILE.png]", "a turn's or a page's exact text; or the page as a picture"),
    "pin": (_pin, "42", "repeat a turn as text once it is on a page"),
    "unpin": (_unpin, "42", "repeat it no longer"),
    "identifiers": (_identifiers, "[PART]", "hashes, paths, numbers and the like that were said"),
    "report": (_report, "", "what is text, what is pages, and what that saves"),
    "retry": (_retry, "", "forget the last answer and have it made anew"),
    "undo": (_undo, "", "forget the last message and its answer"),
    "help": (_help, "", "this list"),
}


def _require_text(rest: str, example: str) -> str:
    if not rest:
        raise GlyphMemoryError(f"something is missing; type {example}")
    return rest


def _parse_anchor(what: str, example: str) -> int:
    found = re.fullmatch(r"§?\s*([0-9]{1,18})", what)
    if found is None:
        raise GlyphMemoryError(f"{what!r} is no turn's number; type {example}")
    return int(found[1])


def _find_last_message(fold: Fold) -> int:
    """Return the anchor of the user's last turn.

    Raises:
        GlyphMemoryError: There is none.
    """
    said = [recent.turn for recent in fold.tail if recent.turn.role == "user"]
    last = said[-1] if said else fold.request
    if last is None or last.anchor is None:
        raise GlyphMemoryError("nothing was said yet that could be taken back")
    return last.anchor
