"""The demo and the commands about pages as they are typed; what they do stands in a module of each one's name.

Those modules are imported when a command runs, so that help and completion come at once.
"""

from __future__ import annotations

from pathlib import Path

from glyph_memory.cli import options
from glyph_memory.cli.program import page_options
from glyph_memory.cli.root import PAGES, START, register_command


@register_command(
    START,
    ("Half a minute; then open out/demo.html in a browser", "glyph-memory demo"),
    ("Elsewhere, with the figures as JSON", "glyph-memory demo --out /srv/www/demo --json"),
)
def demo(*, out: page_options.DemoOut = Path("out"), as_json: options.Json = False) -> None:
    """Show it all on two long texts: pages, what they save, a conversation's memory, questions answered.

    The texts are on every machine: Python's language reference, and a made-up conversation of an agent with its tools.
    The conversation's old turns become pages; then it is searched. The built-in nano reader answers questions about
    both from the pixels of their pages. No server, no GPU, no download.
    """
    from glyph_memory.cli.demo import texts as command  # noqa: PLC0415  see the module's first lines

    command.run(out, as_json=as_json)


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
    files: page_options.Files = None,
    out: page_options.Out = None,
    report: page_options.Report = None,
    sheet: page_options.Sheet = None,
    check: page_options.Check = False,
    as_json: options.Json = False,
    style: options.Style = "glyph",
    dense: options.Dense = False,
    font: options.Font = None,
    size: options.Size = None,
    dpi: options.Dpi = None,
    profile: options.Profile = "glyph",
    tokenizer: options.Tokenizer = None,
    encoding: page_options.Encoding = "utf-8",
) -> None:
    """Draw text as pages, and count what they cost.

    Without --out, --report or --sheet no file is written; only the figures are printed. Every character of the text
    stands on exactly one page: as itself or, if no font can draw it, as its number. Each file begins on a new page.
    """
    from glyph_memory.cli.commands import pages as command  # noqa: PLC0415
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
    file: page_options.File,
    question: page_options.Question,
    server: options.Server = None,
    model: options.Model = None,
    api_key: options.ApiKey = None,
    max_tokens: options.MaxTokens = None,
    stream: page_options.Stream = None,
    as_json: options.Json = False,
    style: options.Style = "glyph",
    dense: options.Dense = False,
    font: options.Font = None,
    size: options.Size = None,
    dpi: options.Dpi = None,
    profile: options.ServedProfile = None,
    window: options.Window = None,
    encoding: page_options.Encoding = "utf-8",
) -> None:
    """Ask a question about a text that the model sees as pages.

    Without --server, the built-in nano reader answers: it reads the pages from their pixels, looks up what is asked and
    quotes it, with the page it stands on and how sure it is. It does not reason; for that, name a server. The answer
    goes to standard output; what was read, and how long it took, to standard error.
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
        window=window,
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
    file: page_options.File,
    profile: page_options.Profiles = None,
    tokenizer: options.Tokenizer = None,
    as_json: options.Json = False,
    style: options.Style = "glyph",
    dense: options.Dense = False,
    font: options.Font = None,
    size: options.Size = None,
    dpi: options.Dpi = None,
    encoding: page_options.Encoding = "utf-8",
) -> None:
    """Compare what a text costs as text and as pages, for every known model."""
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
    dpi: options.Dpi = None,
    profile: options.Profile = "glyph",
    tokenizer: options.Tokenizer = None,
    encoding: page_options.Encoding = "utf-8",
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
