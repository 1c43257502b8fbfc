"""The commands about pages as they are typed; what they do stands in a module of each one's name.

Those modules are imported when a command runs, so that help and completion come at once.
"""

from __future__ import annotations

from glyph_memory.cli import options
from glyph_memory.cli.commands import legibility as evaluate_options
from glyph_memory.cli.root import PAGES, register_command


@register_command(
    PAGES,
    (
        "A picture of every page, and a report to look at",
        "glyph-memory pages book.txt --out pages --report book.html",
    ),
    ("What a repository's history costs Qwen3-VL", "git log -p | glyph-memory pages --profile qwen3-vl"),
    ("Whether letters of 8 points can still be read", "glyph-memory pages book.txt --size 8 --check"),
)
def pages(
    *,
    files: options.Files = None,
    out: options.Out = None,
    report: options.Report = None,
    sheet: options.Sheet = None,
    check: evaluate_options.Check = False,
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
    from glyph_memory.cli.commands import pages as command  # noqa: PLC0415  see the module's first lines
    from glyph_memory.cli.look import Look  # noqa: PLC0415

    command.run(
        files or [],
        command.Places(out=out, report=report, sheet=sheet),
        look=Look(style=style, font=font, size_pt=size, dpi=dpi, dense=dense),
        profile=profile,
        tokenizer=tokenizer,
        encoding=encoding,
        check=check,
        as_json=as_json,
    )


@register_command(
    PAGES,
    (
        "Without a server: what is asked is looked up, and quoted",
        'glyph-memory ask minutes.txt "Who signed?"',
    ),
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
    server: options.Server = None,
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
    """Ask a question about a text, which is seen as pages: by a vision-language model, or by the nano reader.

    Without --server the nano reader answers, which comes along: it reads the pages from their pixels, looks up what
    is asked and quotes it, with the page it stands on and what it is not sure of. It does not reason; for that, name
    a server. The answer goes to standard output; who read and how long it took, in a dim line, to standard error.
    """
    from glyph_memory.cli.commands import ask as command  # noqa: PLC0415
    from glyph_memory.cli.look import Look  # noqa: PLC0415
    from glyph_memory.cli.server import Server  # noqa: PLC0415

    command.run(
        file,
        question,
        Server(url=server, model=model, api_key=api_key, max_tokens=max_tokens),
        look=Look(style=style, font=font, size_pt=size, dpi=dpi, dense=dense),
        profile=profile,
        encoding=encoding,
        stream=stream,
        as_json=as_json,
    )


@register_command(
    PAGES,
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
    from glyph_memory.cli.commands import tokens as command  # noqa: PLC0415
    from glyph_memory.cli.look import Look  # noqa: PLC0415

    command.run(
        file,
        profile or [],
        look=Look(style=style, font=font, size_pt=size, dpi=dpi, dense=dense),
        tokenizer=tokenizer,
        encoding=encoding,
        as_json=as_json,
    )


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
    files: evaluate_options.MeasuredFiles = None,
    kinds: evaluate_options.Kinds = None,
    characters: evaluate_options.Characters = None,
    reader: evaluate_options.Reader = "nano",
    plot: evaluate_options.Plot = None,
    as_json: options.Json = False,
    style: evaluate_options.Styles = None,
    sizes: evaluate_options.Sizes = None,
    dense: options.Dense = False,
    font: options.Font = None,
    dpi: options.Dpi = None,
    profile: options.Profile = "glyph",
    tokenizer: options.Tokenizer = None,
    encoding: options.Encoding = "utf-8",
) -> None:
    """Measure how small print may get before a reader misreads it, and what small print saves.

    Texts of several kinds are drawn in every style and size, and read back by a small reader that comes along and
    needs no GPU. A row says what a style saves (ρ, text tokens a page token) and how many characters of a hundred
    came back wrong, text by text, with a 95 % confidence interval over pages; then which characters were taken for
    which.

    It is the nano reader's error: a lower bound on difficulty, not a VLM's. Where it misreads, a large model may
    guess from what stands around; what it reads right can be seen.
    """
    from glyph_memory.cli.commands import legibility as command  # noqa: PLC0415
    from glyph_memory.cli.look import Look  # noqa: PLC0415

    command.run(
        command.Texts(paths=files or [], kinds=kinds, characters=characters, encoding=encoding),
        looks=[Look(style=name, font=font, dpi=dpi, dense=dense) for name in style or ["glyph"]],
        sizes=sizes,
        profile=profile,
        tokenizer=tokenizer,
        reader=reader,
        picture=plot,
        as_json=as_json,
    )
