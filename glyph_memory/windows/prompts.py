"""The requests of a reading by windows: what is sent about a group of pages, and to put answers together.

Knows contexts and what they cost; asks nobody.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from glyph_memory.context import Context, ImagePart, Message, Part, Text
from glyph_memory.context import windows_wording as wording
from glyph_memory.context.cache import ReuseCache
from glyph_memory.context.counting import MESSAGE_TOKENS
from glyph_memory.context.page_wording import explain_marks
from glyph_memory.documents import DocumentPage
from glyph_memory.errors import DocumentError
from glyph_memory.ledger import quote_identifiers
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile, defuse
from glyph_memory.windows.groups import PageGroup
from glyph_memory.windows.seen import SeenPage

_ESTIMATES_ARE_OFF_BY = 1.1
"""Estimates of text tokens are off by up to some 10 %; see docs/figures.md, "Token rules"."""
_LONGEST_NOTE = replace(PageStyle.glyph().dense(), newline_color="#00FFFF")
"""A style whose marks take as many words as any: the longest mark, of a colour without a name."""
_REMEMBERED = 2048
"""Pages whose captions and lists are remembered: more than a window holds."""


def _head_pages(marks: str) -> str:
    """Return what stands above pages on which signs may stand for layout."""
    return f"{wording.WINDOW_NOTE}{marks}\n" if marks else wording.WINDOW_NOTE


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer that is put together with others."""

    pages: str
    """Where it is from."""
    text: str
    """What it says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompts:
    """Writes the requests of one question to one model."""

    question: str
    """What is asked, of every window."""
    model: ModelProfile
    """Who is asked."""
    window_tokens: int
    """Prompt and answer together."""
    answer_tokens: int
    """What an answer may take."""
    beside: float
    """How much of a page's text tokens its links and identifiers may take."""
    _beside: ReuseCache[tuple[int, str], list[Text]] = field(
        default_factory=lambda: ReuseCache(at_most=_REMEMBERED), init=False, repr=False, compare=False
    )

    def count_text(self, text: str) -> int:
        """Count a text's tokens, with some to spare where they are an estimate."""
        counter = self.model.text_counter
        tokens = counter.count(text)
        return tokens if counter.exact else ceil(tokens * _ESTIMATES_ARE_OFF_BY)

    def room_for_pages(self) -> int:
        """Return what the pages of a window may cost, with what stands beside them.

        Raises:
            DocumentError: There is no room for any.
        """
        return self._room(_head_pages(explain_marks(_LONGEST_NOTE)), wording.WINDOW_REQUEST)

    def room_for_answers(self) -> int:
        """Return what answers that are put together may cost, with the lines above them.

        Raises:
            DocumentError: There is no room for any.
        """
        return self._room(wording.ANSWERS_NOTE, wording.ANSWERS_REQUEST)

    def count_beside(self, page: DocumentPage) -> int:
        """Count the tokens of what is sent beside a page."""
        return sum(self.count_text(part.text) for part in self._write_beside(page))

    def ask_about(self, group: PageGroup) -> Context:
        """Return the request about a group of pages."""
        marks = next(filter(None, (page.marks for page in group.pages)), "")
        parts: list[Part] = [Text(_head_pages(marks), kind="note")]
        for page in group.pages:
            caption, *lists = self._write_beside(page)
            parts += [caption, ImagePart.of(page.page), *lists]
        parts += self._write_request(wording.WINDOW_REQUEST)
        return _make_context(parts)

    def find_key(self, group: PageGroup) -> str:
        """Return what tells a request about a group of pages from any other."""
        shown = [
            [page.page.digest, *(part.text for part in self._write_beside(page))] for page in group.pages
        ]
        said = [self.model.name, wording.WINDOW_NOTE, wording.WINDOW_REQUEST, self.question, shown]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def ask_to_combine(self, answers: Sequence[Answer]) -> tuple[Context, int]:
        """Return the request to put answers together, and what it costs."""
        parts: list[Part] = [Text(wording.ANSWERS_NOTE, kind="note")]
        parts += [part for answer in answers for part in self._write_answer(answer)]
        parts += self._write_request(wording.ANSWERS_REQUEST)
        of_answers = sum(map(self.count_answer, answers))
        return _make_context(
            parts
        ), of_answers + self.window_tokens - self.answer_tokens - self.room_for_answers()

    def count_answer(self, answer: Answer) -> int:
        """Count the tokens of an answer that is put together with others, with the line above it."""
        return sum(self.count_text(part.text) for part in self._write_answer(answer))

    def _room(self, note: str, request: str) -> int:
        fixed = MESSAGE_TOKENS + sum(
            self.count_text(self._defuse(text)) for text in (note, request, self.question)
        )
        room = self.window_tokens - self.answer_tokens - fixed
        if room < 1:
            raise DocumentError(
                f"a window of {self.window_tokens:,} tokens has no room for pages: answer_tokens={self.answer_tokens:,}"
                f" are kept free, and the question takes {fixed:,} with what stands around it. Give a larger "
                "window_tokens, a smaller answer_tokens or a shorter question"
            )
        return room

    def _write_beside(self, page: DocumentPage) -> list[Text]:
        """Return a page's caption, and what is listed below it; remembered, as it is asked for several times."""
        key = (page.page.number, page.page.digest)
        written = self._beside.get(key)
        if written is None:
            written = self._list_beside(page)
            self._beside.put(key, written)
        return written

    def _list_beside(self, page: DocumentPage) -> list[Text]:
        name, text = str(SeenPage.of(page)), page.page.text
        parts = [Text(self._defuse(wording.caption_source(name)), kind="caption")]
        if not self.beside:
            return parts
        listed = quote_identifiers(text, profile=self.model, share=self.beside, page=name, links=page.links)
        return [*parts, Text(listed, kind="ledger")] if listed else parts

    def _write_answer(self, answer: Answer) -> tuple[Text, Text]:
        head = Text(self._defuse(wording.head_answer(answer.pages)), kind="caption")
        return head, Text(self._defuse(f"{answer.text.strip()}\n\n"))

    def _write_request(self, request: str) -> tuple[Text, Text]:
        return Text(request, kind="note"), Text(self._defuse(self.question))

    def _defuse(self, text: str) -> str:
        return defuse(text, special_tokens=self.model.special_tokens)


def _make_context(parts: Sequence[Part]) -> Context:
    return Context(messages=(Message(role="user", parts=parts),), defused=True)
