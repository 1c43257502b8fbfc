"""Options that the commands about servers take alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glyph_memory.cli.options import FLAG, OUTPUT

_HARDWARE = "What it runs on"
_SERVER = "Which server"
_LIMITS = "What it takes"
_ACCESS = "What it may see, and who may ask"

Engine = Annotated[
    str,
    typer.Option(metavar="NAME", help="vllm, sglang or llama.cpp.", rich_help_panel=_SERVER),
]
Model = Annotated[
    str,
    typer.Option(
        metavar="MODEL",
        help="The model to serve: its id on a hub, a folder, or for llama.cpp a GGUF file.",
        rich_help_panel=_SERVER,
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="Whose page tokens to count, where the model's name does not say. The command tokens lists all names.",
        rich_help_panel=_SERVER,
    ),
]
Mmproj = Annotated[
    str | None,
    typer.Option(
        metavar="FILE.gguf",
        help="llama.cpp alone: the file that reads pictures, beside a model that is a GGUF file.",
        rich_help_panel=_SERVER,
    ),
]
Gpus = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="How many GPUs of this machine share the model; 1 if none are named.",
        rich_help_panel=_HARDWARE,
    ),
]
Devices = Annotated[
    str | None,
    typer.Option(
        metavar="N,N,…",
        help="Which GPUs, by number or as nvidia-smi -L names them (GPU-…); instead of --gpus.",
        rich_help_panel=_HARDWARE,
    ),
]
GpuMemory = Annotated[
    float | None,
    typer.Option(
        metavar="GIB",
        help="Memory of each GPU. The window is made to fit where the model's numbers are known. "
        "The bits of a GGUF file are read from its name.",
        rich_help_panel=_HARDWARE,
    ),
]
Window = Annotated[
    int | None,
    typer.Option(
        metavar="TOKENS",
        help="Prompt and answer together; if none, the model's own.",
        rich_help_panel=_LIMITS,
    ),
]
PagesFolder = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER",
        help="vLLM alone: requests may name files below this folder instead of sending them.",
        rich_help_panel=_LIMITS,
    ),
]
Host = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="Who may ask: 127.0.0.1 is this machine alone, 0.0.0.0 everybody who reaches it.",
        rich_help_panel=_LIMITS,
    ),
]
Port = Annotated[int, typer.Option(metavar="N", help="Where it listens.", rich_help_panel=_LIMITS)]
Explain = Annotated[
    bool,
    typer.Option(
        "--explain/--no-explain",
        metavar=FLAG,
        help="Print a comment on each setting below the command, or the command alone.",
        rich_help_panel=OUTPUT,
    ),
]
AllSessions = Annotated[
    bool,
    typer.Option(
        "--all-sessions",
        metavar=FLAG,
        help="Let tools name any session of the database; else they see one alone.",
        rich_help_panel=_ACCESS,
    ),
]
Folders = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FOLDER",
        help="Documents below it may be read; may be given several times.",
        rich_help_panel=_ACCESS,
    ),
]
Http = Annotated[
    bool,
    typer.Option(
        "--http",
        metavar=FLAG,
        help="Listen with streamable HTTP instead of standard input and output.",
        rich_help_panel=_ACCESS,
    ),
]
