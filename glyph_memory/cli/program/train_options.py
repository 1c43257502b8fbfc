"""Options that several commands of `train` take: which model, and what of it is trained where."""

from __future__ import annotations

from typing import Annotated

import typer

from glyph_memory.cli.options import FLAG, OUTPUT

WEIGHTS = "What of the model is trained"
MACHINE = "What fits the machine"

Model = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="A folder with a vision-language model, or its name on the hub."),
]
Full = Annotated[
    bool,
    typer.Option(
        "--full/--lora",
        metavar=FLAG,
        help="Train the weights themselves, or small matrices beside them (LoRA), which take a fraction of the memory.",
        rich_help_panel=WEIGHTS,
    ),
]
Rank = Annotated[
    int, typer.Option(metavar="N", min=1, help="Inner width of LoRA's matrices.", rich_help_panel=WEIGHTS)
]
Alpha = Annotated[
    int,
    typer.Option(
        metavar="N", min=1, help="What they add is multiplied by alpha / rank.", rich_help_panel=WEIGHTS
    ),
]
Targets = Annotated[
    str,
    typer.Option(
        metavar="NAME,NAME,…",
        help="Layers that LoRA trains, such as q_proj,v_proj; every linear one but the head if none is named.",
        rich_help_panel=WEIGHTS,
    ),
]
Vision = Annotated[
    bool,
    typer.Option(
        "--vision",
        metavar=FLAG,
        help="Train what sees, too; the text tower alone unless given.",
        rich_help_panel=WEIGHTS,
    ),
]
Device = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="cuda, mps or cpu; the first there is with auto.", rich_help_panel=MACHINE
    ),
]
Dtype = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="bfloat16 or float32; with auto what the device and what is trained are good with.",
        rich_help_panel=MACHINE,
    ),
]
Recompute = Annotated[
    bool,
    typer.Option(
        "--recompute/--no-recompute",
        metavar=FLAG,
        help="Compute layers twice instead of keeping what they computed: less memory, a third more time.",
        rich_help_panel=MACHINE,
    ),
]
Offline = Annotated[
    bool, typer.Option("--offline", metavar=FLAG, help="Ask no hub.", rich_help_panel=WEIGHTS)
]
SaveEvery = Annotated[
    int, typer.Option(metavar="N", min=1, help="Steps between checkpoints.", rich_help_panel=OUTPUT)
]
