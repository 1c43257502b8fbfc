"""The command that calibrates as it is typed; what it does stands in a module of its name.

That module is imported when the command runs, so that help and completion come at once.
"""

from __future__ import annotations

from glyph_memory.cli import options
from glyph_memory.cli.program import calibrate_options
from glyph_memory.cli.root import SERVERS, register_command


@register_command(
    SERVERS,
    ("A server on this machine", "glyph-memory calibrate --server http://127.0.0.1:8000/v1"),
    (
        "Logs and code alone, with a lower floor, at most 5 minutes",
        "glyph-memory calibrate --server http://127.0.0.1:8000/v1 --kinds logs,code --floor 0.95 --minutes 5",
    ),
    (
        "The built-in reader, to see what comes out",
        "glyph-memory calibrate --reader nano --kinds identifiers --floor 0.9 --sizes 10,9,8 --pages 1",
    ),
)
def calibrate(
    *,
    server: options.Server = None,
    model: options.Model = None,
    api_key: options.ApiKey = None,
    max_tokens: calibrate_options.MaxTokens = 512,
    reader: calibrate_options.Reader = None,
    max_concurrent: calibrate_options.Concurrent = 8,
    floor: calibrate_options.Floor = 0.98,
    kinds: calibrate_options.Kinds = None,
    sizes: calibrate_options.Sizes = None,
    pages: calibrate_options.Pages = None,
    minutes: calibrate_options.Minutes = 10.0,
    seed: calibrate_options.Seed = 0,
    out: calibrate_options.Out = "calibration.json",  # type: ignore[assignment] # typer makes a path of it
    as_json: options.Json = False,
    profile: options.ServedProfile = None,
) -> None:
    """Find the densest pages that your model still reads, for each kind of text.

    The model is asked small questions with exact answers about invented texts, from large letters to small ones. A
    style that is clearly misread costs a few questions; the one that is named as the densest keeps the floor with 95 %
    confidence. Beside it: letters that are taken for others, whether the model says that something is not stated, and
    how fast it takes in text and pages.

    The file is what Calibration.load reads, which gives a memory its style. It holds for this model alone.
    """
    from glyph_memory.cli.commands import calibrate as command  # noqa: PLC0415

    command.run(
        command.Asked(
            reader=reader, url=server, model=model, api_key=api_key, max_tokens=max_tokens, profile=profile
        ),
        floor=floor,
        kinds=kinds,
        sizes=sizes,
        pages=pages,
        minutes=minutes,
        seed=seed,
        max_concurrent=max_concurrent,
        out=out,
        as_json=as_json,
    )
