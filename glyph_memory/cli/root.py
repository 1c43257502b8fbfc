"""The program, `glyph-memory`, before it has any commands; how one is registered, and what its help looks like."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from glyph_memory import __version__
from glyph_memory.cli.escapes import escape_sentence

START = "Start here"
PAGES = "Pages of a text"
MEMORY = "Memory of a conversation"
SERVERS = "A server of your own"
TRAINING = "A model of your own"
_PANELS = (START, PAGES, MEMORY, SERVERS)


class _Program(TyperGroup):
    """The program; its errors of spelling repeat what was typed, file names too, without control characters."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - typer's own types differ by version
        """Read the options before a command."""
        with _escape_errors():
            return super().make_context(*args, **kwargs)

    def invoke(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as above
        """Read a command's arguments, and run it."""
        with _escape_errors():
            return super().invoke(*args, **kwargs)


@contextmanager
def _escape_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # By its face: newer typers have a click of their own, and its errors another base.
        if hasattr(error, "format_message") and isinstance(getattr(error, "message", None), str):
            vars(error)["message"] = escape_sentence(vars(error)["message"])
        raise


def _make_group(name: str) -> typer.Typer:
    return typer.Typer(
        name=name,
        cls=_Program,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


app = _make_group("glyph-memory")

_Function = TypeVar("_Function", bound=Callable[..., Any])


def register_command(
    panel: str, *examples: tuple[str, str], group: typer.Typer = app
) -> Callable[[_Function], _Function]:
    """Register a command: its docstring is its help, and examples stand at the end of it.

    Args:
        panel: Among which commands it is listed; of no matter in a group that has one list.
        examples: What each is good for, and how it is typed.
        group: Whose command it is, such as `train`; the program's own unless given.
    """
    shown = [f"{what}:\n  [bold cyan]{typed}[/]" for what, typed in examples]

    def register(function: _Function) -> _Function:
        epilog = "\n\n".join(["[bold]Examples[/]", *shown])
        group.command(
            name=function.__name__.rstrip("_").replace("_", "-").removeprefix(f"{group.info.name}-"),
            help=_join_paragraph_lines(function.__doc__),
            epilog=epilog,
            rich_help_panel=panel if group is app else None,
        )(function)
        if group is app:
            # Help lists panels in the order in which it meets their commands.
            app.registered_commands.sort(key=lambda command: _PANELS.index(str(command.rich_help_panel)))
        return function

    return register


def _join_paragraph_lines(docstring: str | None) -> str:
    """Join the lines of each paragraph; the terminal's width decides where they break."""
    paragraphs = inspect.cleandoc(docstring or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"glyph-memory {__version__}")
        raise typer.Exit


_ABOUT = """
Long memory for vision-language models: old text becomes page images, read for a fraction of the tokens.

A model reads text in tokens, which are pieces of words, and its window holds a limited number of them. A
vision-language model also reads pictures, and a page of small print costs fewer tokens as a picture than as text.
So the old turns of a conversation can stay in view. The exact text is kept, and can be searched word for word.

Start with [bold cyan]glyph-memory demo[/]; it needs neither a model nor a GPU.
"""


@app.callback(help=_join_paragraph_lines(_ABOUT))
def main(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            metavar="",
            callback=_print_version,
            is_eager=True,
            help="Print the version and leave.",
        ),
    ] = False,
) -> None:
    """Handle the options that stand before a command."""


_ABOUT_TRAINING = r"""
Teach a vision-language model of your own to read pages: make page data, fine-tune on it, reward what it reads right,
search for the style that it reads best, or train a small model from parts.

All of it needs the extra [bold cyan]train[/]: pip install 'glyph-memory\[train]'. Page data and the search for a style
need no GPU.
"""

train = _make_group("train")
"""The commands of `glyph-memory train`."""
app.add_typer(train, help=_join_paragraph_lines(_ABOUT_TRAINING), rich_help_panel=TRAINING)
