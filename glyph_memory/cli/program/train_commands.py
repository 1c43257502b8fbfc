"""The commands of `glyph-memory train` as they are typed; what each does stands in a module of its name."""

from __future__ import annotations

from glyph_memory.cli import options
from glyph_memory.cli.program import train_pages_options as pages_options
from glyph_memory.cli.root import TRAINING, register_command, train


@register_command(
    TRAINING,
    ("Try it: a thousand samples of made up texts", "glyph-memory train pages --out pages --samples 1000"),
    (
        "From my own texts, read and answered alone",
        "glyph-memory train pages corpus/ 'more/**/*.jsonl' --out pages --samples 50000 --families ocr=1,question=1",
    ),
    (
        "Kept apart from what I measure on",
        "glyph-memory train pages corpus/ --out pages --samples 50000 --keep-out tasks --keep-out longbench:data.zip",
    ),
    group=train,
)
def train_pages(
    *,
    texts: pages_options.Texts = None,
    out: pages_options.Out,
    samples: pages_options.Samples = 10_000,
    seed: pages_options.Seed = 0,
    families: pages_options.Families = "ocr=4,interleaved=2,generation=1,conversation=2,question=2",
    styles: pages_options.Styles = "default",
    pages_per_sample: pages_options.PagesPerSample = 4,
    field: pages_options.TextField = "text",
    passes: pages_options.Passes = 1,
    keep_out: pages_options.KeepOut = None,
    shard_format: pages_options.Format = "parquet",
    shard_samples: pages_options.ShardSamples = 512,
    workers: pages_options.Workers = None,
    as_json: options.Json = False,
) -> None:
    """Make page data to train on: samples with pages in them, in many styles, from any texts.

    Sample number n depends on the seed, n and the texts alone, so shards are the same however many processes draw them.
    A run that was stopped or killed goes on with the same command: finished shards are not made again. What was left
    out, and why, stands in manifest.json.

    Datasets loads the shards as they are: load_dataset("parquet", data_files="FOLDER/*.parquet").
    """
    from glyph_memory.cli.commands import train_pages as command  # noqa: PLC0415

    command.run(
        tuple(texts or ()),
        out,
        samples=samples,
        recipe=command.Recipe(seed=seed, families=families, styles=styles, pages_per_sample=pages_per_sample),
        text_field=field,
        passes=passes,
        keep_out=keep_out,
        shard_format=shard_format,
        shard_samples=shard_samples,
        workers=workers,
        as_json=as_json,
    )
