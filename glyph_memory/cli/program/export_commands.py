"""The command about Lance datasets as it is typed; what it does stands in `commands.export_lance`."""

from __future__ import annotations

from glyph_memory.cli import options
from glyph_memory.cli.program import export_options
from glyph_memory.cli.root import PAGES, register_command


@register_command(
    PAGES,
    ("The pages of many documents; once more, and it has what is new", "glyph-memory export-lance dataset"),
    (
        "Answers, from one store into another",
        "glyph-memory export-lance s3://corpus/pages --table answers --to gs://lake/answers.lance",
    ),
)
def export_lance(
    *,
    folder: export_options.Folder,
    table: export_options.Table = "pages",
    to: export_options.To = None,
    unfinished: export_options.Unfinished = False,
    storage_option: export_options.StorageOptions = None,
    as_json: options.Json = False,
) -> None:
    """Make a Lance dataset of the Parquet files that pages --ray or ask-pages wrote.

    It has the same columns and rows; of a document that was drawn or asked about again, the newest alone. All that
    changed becomes one new version: a reader sees all of a run or nothing of it. Where nothing changed, no version is
    made. After a stop, the same command goes on. The Parquet files are only read.

    It needs the extra lance.
    """
    from glyph_memory.cli.commands import export_lance as command  # noqa: PLC0415  as for other commands

    command.run(
        folder,
        table,
        to=to,
        unfinished=unfinished,
        storage_options=storage_option or [],
        as_json=as_json,
    )
