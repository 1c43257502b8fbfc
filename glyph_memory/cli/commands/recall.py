"""`glyph-memory recall`: what was said, word for word, with where it stands."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.padding import Padding
from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.cli.memories import Place, open_existing_session
from glyph_memory.memory import Passage
from glyph_memory.report import compile_query


def run(query: str, place: Place, *, k: int, as_json: bool) -> None:
    """Search a session and print what was found."""
    with open_existing_session(place) as memory:
        passages = memory.recall(query, k=k)
    if as_json:
        terminal.print_json({"query": query, "passages": [_to_json(passage) for passage in passages]})
        return
    show(passages, query)


def show(passages: Sequence[Passage], query: str) -> None:
    """Print passages, each under its label; on a terminal with the query's words in colour."""
    if not passages:
        terminal.print_note(f"Nothing that was said holds any of: {query}")
    screen = terminal.console()
    for number, passage in enumerate(passages):
        if number:
            screen.print()
        screen.print(_label(passage), soft_wrap=True)
        print_exactly(passage.text, query)


def print_exactly(text: str, query: str = "") -> None:
    """Print a text indented by two columns, control characters as numbers; where that is no terminal, never wrapped.

    A pipe may lead to a terminal all the same, as `| less -R` does. `--json` and `export` give every character.
    """
    if not sys.stdout.isatty():
        lines = terminal.escape_controls(text).split("\n")
        sys.stdout.write("".join(f"  {line}\n" for line in lines))
        return
    shown = Text(terminal.escape_controls(text.removesuffix("\n")), overflow="fold")
    words = compile_query(query)
    if words is not None:
        shown.highlight_regex(words, "bold reverse")
    terminal.console().print(Padding(shown, (0, 0, 0, 2)))


def label(anchor: int, role: str, name: str | None = None) -> Text:
    """Return the label by which a turn is cited, as it stands on pages."""
    return Text.assemble(
        (f"§{anchor}", "bold cyan"),
        (f" {role}", "cyan"),
        (f" {terminal.escape_line(name)}" if name else "", "cyan"),
    )


def describe_place(passage: Passage) -> str:
    """Return where a passage's turn is shown, in words."""
    if passage.place == "page":
        return f"page {passage.page}" if passage.page else "in words, sealed"
    return {"head": "head", "text": "recent text", "evicted": "no longer shown"}[passage.place]


def _label(passage: Passage) -> Text:
    length = len(passage.turn.full_text)
    part = f"characters {passage.start + 1:,} to {passage.stop:,} of {length:,}"
    time = passage.turn.time
    about = [
        describe_place(passage),
        terminal.format_time(time) if time else "",
        part if len(passage.text) < length else "",
        f"score {passage.score:.2f}",
    ]
    shown = label(passage.anchor, passage.turn.role, passage.turn.name)
    return shown.append(f"  {' · '.join(filter(None, about))}", "dim")


def _to_json(passage: Passage) -> dict[str, object]:
    time = passage.turn.time
    return {
        "anchor": passage.anchor,
        "role": passage.turn.role,
        "name": passage.turn.name,
        "time": time.isoformat() if time else None,
        "place": passage.place,
        "page": passage.page,
        "score": round(passage.score, 4),
        "start": passage.start,
        "stop": passage.stop,
        "text": passage.text,
    }
