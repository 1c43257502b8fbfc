"""The command about legibility as it is typed; what it does stands in a module of its name.

That module is imported when the command runs, so that help and completion come at once.
"""

from __future__ import annotations

from glyph_memory.cli import options
from glyph_memory.cli.program import document_options, page_options
from glyph_memory.cli.root import PAGES, register_command


@register_command(
    PAGES,
    (
        "What sizes of Glyph's style cost in errors, drawn",
        "glyph-memory legibility --kinds prose,hex --plot legibility.png",
    ),
    (
        "My own logs, on a dark page and a white one",
        "glyph-memory legibility app.log --style glyph --style dark --sizes 8,9,10",
    ),
    ("As Tesseract reads them", "glyph-memory legibility --kinds prose --sizes 9,12 --reader tesseract"),
)
def legibility(
    *,
    files: page_options.MeasuredFiles = None,
    kinds: page_options.Kinds = None,
    characters: page_options.Characters = None,
    reader: page_options.Reader = "nano",
    plot: page_options.Plot = None,
    as_json: options.Json = False,
    style: page_options.Styles = None,
    sizes: page_options.Sizes = None,
    dense: options.Dense = False,
    font: options.Font = None,
    fallback_font: options.FallbackFonts = None,
    dpi: options.Dpi = None,
    profile: options.Profile = "glyph",
    tokenizer: options.Tokenizer = None,
    encoding: document_options.Encoding = None,
    pages: document_options.Pages = "",
    raw: document_options.Raw = False,
) -> None:
    """Measure how small print can get before it is misread, and how many tokens that saves.

    Texts of several kinds are drawn in every style and size, and read back by the built-in nano reader, which needs no
    GPU. Each row says what a style saves (ρ: text tokens per page token) and, for each text, how many characters in a
    hundred came back wrong, with a 95 % confidence interval over pages. Below it: which characters were confused.

    These are the nano reader's errors, not a large model's: what it reads right is legible, but where it misreads, a
    large model may still guess right from the context.
    """
    from glyph_memory.cli.commands import legibility as command  # noqa: PLC0415
    from glyph_memory.cli.look import Look  # noqa: PLC0415
    from glyph_memory.cli.sources import Sources  # noqa: PLC0415

    sources = Sources(paths=tuple(files or ()), encoding=encoding, pages=pages, raw=raw)
    command.run(
        command.Texts(sources=sources if files else None, kinds=kinds, characters=characters),
        looks=[
            Look(style=name, font=font, fallback_fonts=tuple(fallback_font or ()), dpi=dpi, dense=dense)
            for name in style or ["auto"]
        ],
        sizes=sizes,
        profile=profile,
        tokenizer=tokenizer,
        reader=reader,
        picture=plot,
        as_json=as_json,
    )
