"""The commands as they are typed; what they do stands in a module of each one's name.

Those modules are imported when a command runs, so that help and completion come at once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from glyph_memory import __version__
from glyph_memory.cli import options

app = typer.Typer(
    name="glyph-memory",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _flowing(docstring: str | None) -> str:
    """Make one line of each paragraph; where lines end is for the terminal's width to say."""
    paragraphs = inspect.cleandoc(docstring or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _command(*examples: tuple[str, str]) -> Callable[[_Function], _Function]:
    """Register a command: its docstring is its help, and examples stand at the end of it."""
    shown = [f"{what}:\n  [bold cyan]{command}[/]" for what, command in examples]

    def register(function: _Function) -> _Function:
        epilog = "\n\n".join(["[bold]Examples[/]", *shown])
        app.command(help=_flowing(function.__doc__), epilog=epilog)(function)
        return function

    return register


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"glyph-memory {__version__}")
        raise typer.Exit


_ABOUT = """
Turn long text into page images that a vision-language model reads for a fraction of the tokens.

Models read text in tokens, which are pieces of words, and their window holds so many. A vision-language model
also reads pictures, and a page of small print takes up fewer tokens as a picture than as text.

Start with [bold cyan]glyph-memory demo[/]; it needs neither a model nor a GPU.
"""


@app.callback(help=_flowing(_ABOUT))
def main(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", callback=_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
) -> None:
    """Take what is given before a command."""


@_command(
    (
        "A picture of every page, and a report to look at",
        "glyph-memory pages book.txt --out pages --report book.html",
    ),
    ("What a repository's history costs Qwen3-VL", "git log -p | glyph-memory pages --profile qwen3-vl"),
)
def pages(
    *,
    files: options.Files = None,
    out: options.Out = None,
    report: options.Report = None,
    sheet: options.Sheet = None,
    as_json: options.Json = False,
    style: options.Style = "glyph",
    dense: options.Dense = False,
    font: options.Font = None,
    size: options.Size = None,
    dpi: options.Dpi = None,
    profile: options.Profile = "glyph",
    tokenizer: options.Tokenizer = None,
    encoding: options.Encoding = "utf-8",
) -> None:
    """Turn text into pages, and say what they cost.

    Without --out, --report or --sheet nothing is written; the figures alone are printed. Every character of
    the text stands on exactly one page, as itself or, where it cannot be drawn, as its number. Each file
    begins a page of its own.
    """
    from glyph_memory.cli import pages as command  # noqa: PLC0415  see the module's first lines
    from glyph_memory.cli.choices import Look  # noqa: PLC0415

    command.run(
        files or [],
        command.Places(out=out, report=report, sheet=sheet),
        look=Look(style=style, font=font, size_pt=size, dpi=dpi, dense=dense),
        profile=profile,
        tokenizer=tokenizer,
        encoding=encoding,
        as_json=as_json,
    )


@_command(
    (
        "A server on this machine, started with vllm serve zai-org/Glyph",
        'glyph-memory ask minutes.txt "Who signed?" --server http://127.0.0.1:8000/v1',
    ),
    (
        "What comes through a pipe, in larger print",
        'dmesg | glyph-memory ask - "What failed?" --server http://gpu:8000/v1 --dpi 96',
    ),
)
def ask(
    *,
    file: options.File,
    question: options.Question,
    server: options.Server,
    model: options.Model = None,
    api_key: options.ApiKey = None,
    max_tokens: options.MaxTokens = None,
    stream: options.Stream = None,
    as_json: options.Json = False,
    style: options.Style = "glyph",
    dense: options.Dense = False,
    font: options.Font = None,
    size: options.Size = None,
    dpi: options.Dpi = None,
    profile: options.Profile = "glyph",
    encoding: options.Encoding = "utf-8",
) -> None:
    """Ask a vision-language model a question about a text, which it sees as pages.

    The answer goes to standard output; tokens and seconds, in a dim line, to standard error.
    """
    from glyph_memory.cli import ask as command  # noqa: PLC0415
    from glyph_memory.cli.choices import Look  # noqa: PLC0415

    command.run(
        file,
        question,
        command.Server(url=server, model=model, api_key=api_key, max_tokens=max_tokens),
        look=Look(style=style, font=font, size_pt=size, dpi=dpi, dense=dense),
        profile=profile,
        encoding=encoding,
        stream=stream,
        as_json=as_json,
    )


@_command(
    ("Every model that is known, the one that gains most first", "glyph-memory tokens book.txt"),
    (
        "One model, its text counted exactly",
        "glyph-memory tokens book.txt --profile glyph --tokenizer tokenizer.json",
    ),
)
def tokens(
    *,
    file: options.File,
    profile: options.Profiles = None,
    tokenizer: options.Tokenizer = None,
    as_json: options.Json = False,
    style: options.Style = "glyph",
    dense: options.Dense = False,
    font: options.Font = None,
    size: options.Size = None,
    dpi: options.Dpi = None,
    encoding: options.Encoding = "utf-8",
) -> None:
    """Compare what a text costs as text and as pages, for every model that is known."""
    from glyph_memory.cli import tokens as command  # noqa: PLC0415
    from glyph_memory.cli.choices import Look  # noqa: PLC0415

    command.run(
        file,
        profile or [],
        look=Look(style=style, font=font, size_pt=size, dpi=dpi, dense=dense),
        tokenizer=tokenizer,
        encoding=encoding,
        as_json=as_json,
    )


@_command(
    ("Some seconds; then open out/demo.html in a browser", "glyph-memory demo"),
    ("Elsewhere, with the figures as JSON", "glyph-memory demo --out /srv/www/demo --json"),
)
def demo(*, out: options.DemoOut = Path("out"), as_json: options.Json = False) -> None:
    """Typeset two long texts and show what they cost as text and as pages.

    The texts are on every machine: Python's language reference, and the made-up conversation of an agent with
    its tools. No model, no GPU, no download.
    """
    from glyph_memory.cli import demo as command  # noqa: PLC0415

    command.run(out, as_json=as_json)
