"""Options that the command `train grpo` takes alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glyph_memory.cli.options import OUTPUT, SERVER
from glyph_memory.cli.program.train_options import MACHINE

_REWARD = "What is rewarded"
_STEPS = "How it is trained"

Data = Annotated[
    list[str],
    typer.Argument(
        metavar="DATA...",
        help="Samples: folders of glyph-memory train pages, Parquet files, WebDataset shards. Questions, conversations "
        "and pages to be read are used.",
    ),
]
Out = Annotated[
    Path,
    typer.Option(
        metavar="FOLDER",
        help="Where checkpoints, log.jsonl and the model are kept. The same command goes on where it was stopped.",
        rich_help_panel=OUTPUT,
    ),
]
Reward = Annotated[
    str | None,
    typer.Option(
        metavar="NAME=WEIGHT,…",
        help="What completions earn. answer: the right one stands in what is said, with little beside it. exact, f1, "
        "match-all, match-any: compared in other ways. judge: another model says whether it is right. format: "
        "<think>…</think> and an answer, and citations that lead somewhere. ocr: pages read to the letter. length: "
        "less for long completions. Unless given, answer=1,format=0.2 and ocr=0.5, as far as the data have such "
        "samples.",
        rich_help_panel=_REWARD,
    ),
]
JudgeServer = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Address, up to and including /v1, of the server whose model judges. One that is down is waited for.",
        rich_help_panel=SERVER,
    ),
]
Patience = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        min=0,
        help="How long a judge that is down is waited for; then training stops with a checkpoint.",
        rich_help_panel=SERVER,
    ),
]
OcrShare = Annotated[
    float,
    typer.Option(
        metavar="SHARE",
        min=0,
        max=1,
        help="Share of prompts that are pages to be read, where the data have such.",
        rich_help_panel=_REWARD,
    ),
]
FlatSteps = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="Stop after so many steps in a row in which every group got one reward each.",
        rich_help_panel=_REWARD,
    ),
]
Steps = Annotated[
    int, typer.Option(metavar="N", min=1, help="Updates, all runs together.", rich_help_panel=_STEPS)
]
GroupSize = Annotated[
    int,
    typer.Option(metavar="N", min=2, help="Completions of a prompt; 16 are Glyph's.", rich_help_panel=_STEPS),
]
Prompts = Annotated[
    int, typer.Option(metavar="N", min=1, help="Prompts of an update.", rich_help_panel=_STEPS)
]
LearningRate = Annotated[
    float,
    typer.Option(metavar="RATE", help="Constant; LoRA wants some ten times that.", rich_help_panel=_STEPS),
]
EpsilonLow = Annotated[
    float,
    typer.Option(
        metavar="SHARE", min=0, help="How much less likely a token may become.", rich_help_panel=_STEPS
    ),
]
EpsilonHigh = Annotated[
    float,
    typer.Option(
        metavar="SHARE",
        min=0,
        help="How much likelier it may become: clip-higher. Nothing is cut with one pass.",
        rich_help_panel=_STEPS,
    ),
]
Beta = Annotated[
    float,
    typer.Option(
        metavar="WEIGHT",
        min=0,
        help="Weight of the KL to the model that training begins with; 0 for none.",
        rich_help_panel=_STEPS,
    ),
]
Temperature = Annotated[float, typer.Option(metavar="T", help="Of the completions.", rich_help_panel=_STEPS)]
Passes = Annotated[
    int,
    typer.Option(metavar="N", min=1, help="Updates on the same completions.", rich_help_panel=_STEPS),
]
Seed = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=0,
        help="Another one gives another order and other completions.",
        rich_help_panel=_STEPS,
    ),
]
MaxNewTokens = Annotated[
    int,
    typer.Option(metavar="N", min=1, help="Longest completion, thoughts included.", rich_help_panel=MACHINE),
]
MaxPromptTokens = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Longest prompt, pages included; longer ones are left out. What the window holds unless given.",
        rich_help_panel=MACHINE,
    ),
]
PromptsAtOnce = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="Prompts whose completions are written at the same time: faster, more memory.",
        rich_help_panel=MACHINE,
    ),
]
CompletionsPerPass = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="Completions that go through the model forward and back at the same time.",
        rich_help_panel=MACHINE,
    ),
]
