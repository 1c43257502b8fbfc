"""`glyph-memory ask`: a question about a text, to a server that sees it as pages, or to the nano reader."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from glyph_memory.cli import terminal
from glyph_memory.cli.look import Look, find_profile
from glyph_memory.cli.server import Server, describe_served
from glyph_memory.cli.sources import Sources, print_defects
from glyph_memory.cli.status_lines import describe_nano_reading
from glyph_memory.cli.terminal import PageProgress
from glyph_memory.context import Context
from glyph_memory.document import Document
from glyph_memory.errors import GlyphMemoryError
from glyph_memory.ledger import quote_identifiers
from glyph_memory.nano import NanoReading
from glyph_memory.page import Page
from glyph_memory.readers import Reading, ReadingDelta
from glyph_memory.report import Figures, Tally, broken_limits
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile


def run(
    sources: Sources,
    question: str,
    server: Server,
    *,
    look: Look,
    profile: str | None,
    window: int | None,
    stream: bool | None,
    as_json: bool,
) -> None:
    """Draw the documents, ask the question, print the answer; in JSON alone it stands with its control characters."""
    model = _find_model(server, look, profile=profile, window=window)
    progress = PageProgress("The nano reader reads")
    reading_with = server.reader(model, progress=progress)
    tally = Tally(profile=model, style=look.name)
    pages = _pages(sources, look.build_style(model), model, tally, is_plain=server.is_nano)
    figures = tally.figures()
    for warning in () if server.is_nano else broken_limits(figures, model):
        terminal.warn(warning)
    context = Context.of(question, pages=pages, identifiers=_list_identifiers(pages, model))
    with reading_with as reader, progress:
        if as_json:
            reading = reader.read(context)
            terminal.print_json(_to_json(reading, figures))
        else:
            as_written = sys.stdout.isatty() if stream is None else stream
            reading = _print_stream(reader.stream(context)) if as_written else _print(reader.read(context))
            terminal.print_note(_footer(reading, figures))
    if reading.is_cut_off:
        terminal.warn("the answer was cut off; raise --max-tokens, or serve the model with a larger window")


def _find_model(server: Server, look: Look, *, profile: str | None, window: int | None) -> ModelProfile:
    """Return the model that was typed, else the server's, with the window that was typed or is served."""
    must_ask = profile is None or window is None or look.calibration is not None
    served = server.find_served() if must_ask else None
    model = find_profile(profile or "glyph", tokenizer=None)
    if window is not None:
        model = replace(model, window_tokens=window)
    if served is None:
        return look.calibrate_profile(model)
    found = model if profile is not None else served.profile or model
    found = replace(found, window_tokens=window or served.window_tokens or found.window_tokens)
    if told := describe_served(model, found):
        terminal.print_note(told)
    found = look.calibrate_profile(found)
    served.check_calibration(found.reading)
    return found


def _pages(
    sources: Sources, style: PageStyle, model: ModelProfile, tally: Tally, *, is_plain: bool
) -> list[Page]:
    """Return the pages of all documents.

    Args:
        sources: The documents.
        style: How they look.
        model: The model that will read.
        tally: Counts them.
        is_plain: Whether only their text is drawn: the nano reader knows plain pages, not tables with rules.
    """
    pages, options = list[Page](), sources.options()
    for path in sources.find():
        with sources.leave_out_failures(path), terminal.progress(sources.name(path)) as step:
            documents = sources.load_bounded(path, options)
            if is_plain:
                documents = map(_drop_structure, documents)
            run = sources.make_run(
                path, documents, options, style=style, profile=model, first_page=len(pages) + 1
            )
            for drawn in tally.watch(run.draw()):
                pages.append(drawn.page)
                step(1)
            print_defects(sources.name(path), run.defects)
    if not pages:
        raise GlyphMemoryError("none of the documents can be drawn")
    return pages


def _list_identifiers(pages: Sequence[Page], model: ModelProfile) -> list[str]:
    """Return the identifiers of each page, letter for letter, as memories have them beside theirs."""
    return [quote_identifiers(page.text, profile=model, page=f"page {page.number}") for page in pages]


def _drop_structure(document: Document) -> Document:
    """Return a document's text alone; one that has pages of its own but no text keeps them."""
    return replace(document, blocks=(), original=None) if document.text.strip() else document


def _print(reading: Reading) -> Reading:
    sys.stdout.write(terminal.escape_controls(reading.text).rstrip("\n") + "\n")
    sys.stdout.flush()
    return reading


def _print_stream(deltas: Iterator[ReadingDelta]) -> Reading:
    """Print an answer as it arrives; one that breaks off still ends its line."""
    reading, ended = Reading(text=""), True
    try:
        for delta in deltas:
            sys.stdout.write(terminal.escape_controls(delta.text))
            sys.stdout.flush()
            ended = delta.text.endswith("\n") if delta.text else ended
            reading = delta.reading or reading
    finally:
        if not ended:
            sys.stdout.write("\n")
    return reading


def _footer(reading: Reading, figures: Figures) -> str:
    if isinstance(reading, NanoReading):
        return describe_nano_reading(reading)
    usage, timing = reading.usage, reading.timing
    parts = [
        f"{usage.prompt_tokens:,} prompt tokens" if usage.prompt_tokens is not None else "",
        f"{usage.cached_tokens:,} of them cached" if usage.cached_tokens is not None else "",
        f"{usage.completion_tokens:,} written" if usage.completion_tokens is not None else "",
        f"{timing.total_s:.1f} s" if timing.total_s is not None else "",
        f"{terminal.format_count(figures.pages, 'page')} for {terminal.format_text_tokens(figures)} text tokens",
    ]
    return " · ".join(filter(None, parts))


def _to_json(reading: Reading, figures: Figures) -> dict[str, object]:
    usage, timing = reading.usage, reading.timing
    return {
        "answer": reading.text,
        "reasoning": reading.reasoning,
        "model": reading.model,
        "finish_reason": reading.finish_reason,
        "prompt_tokens": usage.prompt_tokens,
        "cached_tokens": usage.cached_tokens,
        "completion_tokens": usage.completion_tokens,
        "first_token_s": timing.first_token_s,
        "total_s": timing.total_s,
        "figures": figures.to_json(),
    } | (_quotes_to_json(reading) if isinstance(reading, NanoReading) else {})


def _quotes_to_json(reading: NanoReading) -> dict[str, object]:
    return {
        "quotes": [
            {
                "text": quote.text,
                "anchor": quote.anchor,
                "page": quote.page,
                "lines": quote.lines,
                "box": quote.box,
                "confidence": round(quote.confidence, 4),
                "unsure": quote.unsure,
                "doubts": quote.doubts,
            }
            for quote in reading.quotes
        ],
        "pages_read": reading.pages_read,
        "unreadable": reading.unreadable,
    }
