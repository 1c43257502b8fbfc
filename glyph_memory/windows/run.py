"""The `WindowRun`: which requests a reading by windows makes, and what it makes of their answers.

Knows pages, requests and answers; asks nobody itself, so that asking may block or be awaited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from glyph_memory.checks import check_text
from glyph_memory.context import Context
from glyph_memory.context.windows_wording import says_nothing
from glyph_memory.document import Document
from glyph_memory.documents import DocumentPage, draw_pages
from glyph_memory.errors import DocumentError, ReaderError, ReaderRefused, show_value
from glyph_memory.nano import NanoReading
from glyph_memory.page import Page
from glyph_memory.readers import LateReader, OpenAIReader, Reader, Reading, ServedModel
from glyph_memory.tokens import ModelProfile, build_page_style
from glyph_memory.windows.answers import WindowLoss, WindowReading, WindowsReading
from glyph_memory.windows.combining import Combined, tell_cut_off
from glyph_memory.windows.groups import PageGroup, page_groups, take_page
from glyph_memory.windows.options import WindowOptions
from glyph_memory.windows.prompts import Prompts
from glyph_memory.windows.seen import SeenPage

Pages = Document | Iterable[Document | DocumentPage | Page]
"""A document, several such as `load` yields, or pages such as `draw_pages` yields; taken one by one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedWindow:
    """A window before it is answered."""

    window: WindowReading
    """What is known of it: its pages, and its answer where it was done before."""
    context: Context | None
    """What is to be asked; None where it was done before."""


class WindowRun:
    """One question to all windows of a document.

    Args:
        question: What is asked.
        reader: Who is asked; says its window where it knows it.
        served: What the reader's server serves, where that was asked.
        done: Answers of an earlier run.
        options: How to read.

    Raises:
        DocumentError: There is nothing asked, or no room for pages.
    """

    def __init__(
        self,
        question: str,
        *,
        reader: Reader,
        served: ServedModel | None,
        done: Iterable[WindowReading],
        options: WindowOptions,
    ) -> None:
        check_text("question", question, DocumentError)
        if not question.strip():
            raise DocumentError(f"question={question!r} asks nothing; give a sentence")
        self.options = options
        """How to read."""
        self.model = _find_model(options, served)
        """Who reads."""
        self.prompts = Prompts(
            question=question,
            model=self.model,
            window_tokens=_find_window(options, served, reader, self.model),
            answer_tokens=options.answer_tokens,
            beside=options.beside,
        )
        """Writes the requests."""
        self._room = self.prompts.room_for_pages()
        self._done = {window.key: window for window in done if window.key and not window.error}
        self._failure: ReaderError | None = None

    def plan(self, pages: Pages) -> Iterator[list[PlannedWindow]]:
        """Yield windows in order, as many at a time as are asked together; pages are drawn as they are needed."""
        batch, asked = list[PlannedWindow](), 0
        groups = page_groups(
            self._take_pages(pages),
            tokens=self._room,
            max_pages=self.options.max_pages,
            overlap=self.options.overlap,
            profile=self.model,
            beside=self.prompts.count_beside,
        )
        for group in groups:
            batch.append(self._plan_window(group))
            asked += batch[-1].context is not None
            if asked == self.options.max_concurrent or not asked:
                yield batch
                batch, asked = [], 0
        if batch:
            yield batch

    def take(
        self, batch: Sequence[PlannedWindow], answers: Sequence[Reading | ReaderError]
    ) -> Iterator[WindowReading]:
        """Yield the windows of a batch with their answers, in order.

        Raises:
            ReaderError: The reader refused, or one failed and the options say that this is raised.
        """
        coming = iter(answers)
        for planned in batch:
            answer = None if planned.context is None else next(coming)
            if answer is None:
                yield planned.window
            elif isinstance(answer, Reading):
                found = not says_nothing(answer.text)
                if isinstance(answer, NanoReading):
                    found = bool(answer.quotes)
                yield replace(
                    planned.window,
                    text=answer.text,
                    found=found,
                    usage=answer.usage,
                    is_cut_off=answer.is_cut_off,
                )
            elif isinstance(answer, ReaderRefused) or self.options.on_error == "raise":
                raise answer  # who refuses one window refuses all
            else:
                self._failure = answer
                yield replace(planned.window, error=str(answer) or type(answer).__name__)

    def check(self, windows: Sequence[WindowReading]) -> None:
        """Raise an error where there is nothing to answer from.

        Raises:
            DocumentError: There were no pages.
            ReaderError: All windows failed.
        """
        if not windows:
            raise DocumentError("there is nothing to read: no page was given")
        if self._failure is not None and all(window.error for window in windows):
            raise self._failure

    def finish(self, windows: Sequence[WindowReading], combined: Combined) -> WindowsReading:
        """Return the final answer, with all that it leaves out."""
        failed = [
            WindowLoss(kind="failed", pages=window.name, message=f"not read: {window.error}")
            for window in windows
            if window.error
        ]
        cut_off = [tell_cut_off(window.name) for window in windows if window.is_cut_off and window.found]
        return WindowsReading(
            text=combined.text,
            found=any(window.found for window in windows),
            windows=tuple(windows),
            readings=tuple(combined.readings),
            losses=(*failed, *cut_off, *combined.losses),
            prompt_tokens=sum(window.prompt_tokens for window in windows) + combined.prompt_tokens,
        )

    def _plan_window(self, group: PageGroup) -> PlannedWindow:
        key = self.prompts.find_key(group)
        window = WindowReading(
            number=group.number,
            pages=tuple(map(SeenPage.of, group.pages)),
            overlap=group.overlap,
            prompt_tokens=group.tokens + self.prompts.window_tokens - self.prompts.answer_tokens - self._room,
            key=key,
        )
        known = self._done.get(key)
        if known is not None:
            return PlannedWindow(window=replace(known, number=group.number, pages=window.pages), context=None)
        return PlannedWindow(window=window, context=self.prompts.ask_about(group))

    def _take_pages(self, pages: Pages) -> Iterator[DocumentPage]:
        if isinstance(pages, str | bytes | Path) or not isinstance(pages, Document | Iterable):
            raise DocumentError(
                f"{show_value(pages)} is no document; glyph_memory.documents.load reads a file, Document(text=…) holds "
                "a text"
            )
        number = 1
        for item in [pages] if isinstance(pages, Document) else pages:
            if not isinstance(item, Document):
                yield take_page(item)
                continue
            style = build_page_style(self.options.style, self.model)
            for page in draw_pages(
                item, style=style, profile=self.model, way=self.options.way, first_page=number
            ):
                number = page.page.number + 1
                yield page


def needs_server(reader: Reader, options: WindowOptions) -> OpenAIReader | None:
    """Return the reader whose server knows what the options leave open; None where nothing is open, or nobody knows."""
    inner = reader.reader if isinstance(reader, LateReader) else reader
    is_open = options.window_tokens is None or options.profile is None
    return inner if is_open and isinstance(inner, OpenAIReader) else None


def _find_model(options: WindowOptions, served: ServedModel | None) -> ModelProfile:
    known = served.profile if served is not None else None
    if options.profile is None:
        return known or ModelProfile.from_name("glyph")
    model = ModelProfile.of(options.profile)
    limits = [one for one in (model.max_images, served.max_images if served else None) if one is not None]
    return replace(model, max_images=min(limits, default=None))


def _find_window(
    options: WindowOptions, served: ServedModel | None, reader: Reader, model: ModelProfile
) -> int:
    """Return how large a window is: as asked for, else as the server says, else the reader, else the model's own."""
    inner = reader.reader if isinstance(reader, LateReader) else reader
    told: object = getattr(inner, "window_tokens", None)
    known = (options.window_tokens, served.window_tokens if served is not None else None, told)
    return next((one for one in known if isinstance(one, int)), model.window_tokens)
