"""The demo and the commands about pages as they are typed; what they do stands in a module of each one's name.

Those modules are imported when a command runs, so that help and completion come at once.
"""

from __future__ import annotations

from pathlib import Path

from glyph_memory.cli import options
from glyph_memory.cli.program import document_options, page_options
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
    (
        "Chapter 2 of a PDF, each page as it costs least",
        "glyph-memory pages report.pdf --pages 12-30 --out pages",
    ),
    ("A web page without its menus", "glyph-memory pages https://docs.python.org/3/ --main-content"),
    (
        "A folder of documents, for a data set; once more after a stop, and it goes on",
        "glyph-memory pages papers --out dataset --jobs 8",
    ),
    ("In 30,000 tokens, as sharp as that goes", "glyph-memory pages minutes.docx --fit 30000 --out pages"),
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
    jobs: page_options.Jobs = None,
    index: page_options.Index = None,
    ray: page_options.Ray = None,
    fit: page_options.Fit = None,
    style: options.Style = "auto",
    dense: options.Dense = False,
    font: options.Font = None,
    fallback_font: options.FallbackFonts = None,
    size: options.Size = None,
    dpi: options.Dpi = None,
    calibration: options.Calibration = None,
    profile: options.Profile = "glyph",
    tokenizer: options.Tokenizer = None,
    encoding: document_options.Encoding = None,
    page_range: document_options.Pages = "",
    max_pages: document_options.MaxPages = None,
    way: document_options.Way = "auto",
    raw: document_options.Raw = False,
    keep_escapes: document_options.KeepEscapes = False,
    line_numbers: document_options.LineNumbers = False,
    main_content: document_options.MainContent = False,
    password: document_options.Password = None,
    allow_host: document_options.AllowHost = None,
    include: document_options.Include = None,
    exclude: document_options.Exclude = None,
) -> None:
    """Draw documents as pages, and count what they cost.

    Plain text, PDF, Word, web pages, Markdown, notebooks, source code and other formats are told by their content.
    Without --out, --report or --sheet no file is written; only the figures are printed. Every character of the text
    stands on exactly one page: as itself or, if no font can draw it, as its number. What a file holds that cannot be
    drawn is reported. Each document begins on a new page.

    A folder with --out, or --jobs, makes it a bulk run: pages are named by their pixels, so that equal ones lie there
    once; index.jsonl has a line for each page with its text, and loads as a data set: load_dataset("json",
    data_files="dataset/index.jsonl"). A document that is finished is not drawn again when the command is run once more.
    One that fails does not stop the others; all that failed are listed at the end.
    """
    from glyph_memory.cli.commands import pages as command  # noqa: PLC0415
    from glyph_memory.cli.commands.page_output import Places  # noqa: PLC0415
    from glyph_memory.cli.look import Look  # noqa: PLC0415
    from glyph_memory.cli.sources import Sources  # noqa: PLC0415

    sources = Sources(
        paths=tuple(files or ["-"]),
        encoding=encoding,
        pages=page_range,
        max_pages=max_pages,
        way=way,
        raw=raw,
        keep_escapes=keep_escapes,
        line_numbers=line_numbers,
        main_content=main_content,
        password=password,
        allow_hosts=tuple(allow_host or ()),
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
    )
    look = Look(
        style=style, font=font, fallback_fonts=tuple(fallback_font or ()), size_pt=size, dpi=dpi, dense=dense,
        calibration=calibration,
    )  # fmt: skip
    if jobs or index or ray or (out and sources.has_folder):
        from glyph_memory.cli.commands import bulk  # noqa: PLC0415

        single = {"--report": report, "--sheet": sheet, "--check": check, "--fit": fit}
        bulk.run(
            sources,
            out,
            look=look,
            profile=profile,
            tokenizer=tokenizer,
            jobs=jobs,
            ray=ray,
            index=index,
            refused=[option for option, value in single.items() if value],
            as_json=as_json,
        )
        return
    command.run(
        sources,
        Places(out=Path(out) if out else None, report=report, sheet=sheet),
        look=look,
        profile=profile,
        tokenizer=tokenizer,
        fit_tokens=fit,
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
    style: options.Style = "auto",
    dense: options.Dense = False,
    font: options.Font = None,
    fallback_font: options.FallbackFonts = None,
    size: options.Size = None,
    dpi: options.Dpi = None,
    calibration: options.Calibration = None,
    profile: options.ServedProfile = None,
    window: options.Window = None,
    encoding: document_options.Encoding = None,
    pages: document_options.Pages = "",
    max_pages: document_options.MaxPages = None,
    way: document_options.Way = "auto",
    raw: document_options.Raw = False,
    keep_escapes: document_options.KeepEscapes = False,
    line_numbers: document_options.LineNumbers = False,
    main_content: document_options.MainContent = False,
    password: document_options.Password = None,
    allow_host: document_options.AllowHost = None,
) -> None:
    """Ask a question about a document that the model sees as pages.

    Without --server, the built-in nano reader answers: it reads the pages from their pixels, looks up what is asked and
    quotes it, with the page it stands on and how sure it is. It does not reason; for that, name a server. It
    sees documents without rules, colours and pictures, as it knows plain pages alone. The answer goes to standard
    output; what was read, and how long it took, to standard error.
    """
    from glyph_memory.cli.commands import ask as command  # noqa: PLC0415
    from glyph_memory.cli.look import Look  # noqa: PLC0415
    from glyph_memory.cli.server import Server  # noqa: PLC0415
    from glyph_memory.cli.sources import Sources  # noqa: PLC0415

    command.run(
        Sources(
            paths=(file,),
            encoding=encoding,
            pages=pages,
            max_pages=max_pages,
            way=way,
            raw=raw,
            keep_escapes=keep_escapes,
            line_numbers=line_numbers,
            main_content=main_content,
            password=password,
            allow_hosts=tuple(allow_host or ()),
        ),
        question,
        Server(url=server, model=model, api_key=api_key, max_tokens=max_tokens),
        look=Look(
            style=style,
            font=font,
            fallback_fonts=tuple(fallback_font or ()),
            size_pt=size,
            dpi=dpi,
            dense=dense,
            calibration=calibration,
        ),
        profile=profile,
        window=window,
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
    style: options.Style = "auto",
    dense: options.Dense = False,
    font: options.Font = None,
    fallback_font: options.FallbackFonts = None,
    size: options.Size = None,
    dpi: options.Dpi = None,
    encoding: document_options.Encoding = None,
    pages: document_options.Pages = "",
    way: document_options.Way = "auto",
    raw: document_options.Raw = False,
    keep_escapes: document_options.KeepEscapes = False,
    line_numbers: document_options.LineNumbers = False,
    main_content: document_options.MainContent = False,
    password: document_options.Password = None,
    allow_host: document_options.AllowHost = None,
) -> None:
    """Compare what a document costs as text and as pages, for every known model."""
    from glyph_memory.cli.commands import tokens as command  # noqa: PLC0415
    from glyph_memory.cli.look import Look  # noqa: PLC0415
    from glyph_memory.cli.sources import Sources  # noqa: PLC0415

    command.run(
        Sources(
            paths=(file,),
            encoding=encoding,
            pages=pages,
            way=way,
            raw=raw,
            keep_escapes=keep_escapes,
            line_numbers=line_numbers,
            main_content=main_content,
            password=password,
            allow_hosts=tuple(allow_host or ()),
        ),
        profile or [],
        look=Look(
            style=style,
            font=font,
            fallback_fonts=tuple(fallback_font or ()),
            size_pt=size,
            dpi=dpi,
            dense=dense,
        ),
        tokenizer=tokenizer,
        as_json=as_json,
    )
