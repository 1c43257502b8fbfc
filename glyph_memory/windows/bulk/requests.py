"""What is asked about a document: all its pages at once where they fit, else parts of it, each whole pages.

Knows pages and what they cost; asks nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from glyph_memory.context import Context, Text
from glyph_memory.context.counting import MESSAGE_TOKENS
from glyph_memory.context.wording import TEXT_NOTE
from glyph_memory.documents import DocumentPage
from glyph_memory.documents.request_costs import RequestCosts
from glyph_memory.ledger import quote_identifiers
from glyph_memory.windows.bulk.options import AskJob
from glyph_memory.windows.groups import PageGroup, page_groups
from glyph_memory.windows.prompts import Prompts


@dataclass(frozen=True, kw_only=True, slots=True)
class AskRequest:
    """A request about pages that follow each other."""

    key: str
    """A digest of the pages, of what stands beside them, the question and the settings."""
    question: str
    """What is asked."""
    pages: tuple[DocumentPage, ...] = field(repr=False)
    """What is looked at."""
    part: int
    """Which part of the document it is, from 1."""
    parts: int
    """Of how many."""
    is_whole: bool
    """Whether the model is told that it sees the whole document."""
    tokens: int
    """What is sent, as counted here."""
    context: Context = field(repr=False)
    """What is sent."""

    def describe(self) -> dict[str, Any]:
        """Return its row before it is answered: plain values, without pictures."""
        first, last = self.pages[0], self.pages[-1]
        return {
            "question": self.question,
            "part": self.part,
            "parts": self.parts,
            "is_whole": self.is_whole,
            "first_page": first.page.number,
            "last_page": last.page.number,
            "first_place": first.place,
            "last_place": last.place,
            "pages": [page.page.digest for page in self.pages],
            "counted_tokens": self.tokens,
            "key": self.key,
        }


class RequestWriter:
    """Writes the requests of one question.

    Args:
        job: Who is asked, and how.
        question: What is asked.

    Raises:
        DocumentError: The window has no room for any page beside the question.
    """

    def __init__(self, job: AskJob, question: str) -> None:
        self._job, self._question = job, question
        options = job.options
        self._prompts = Prompts(
            question=question,
            model=job.profile,
            window_tokens=job.window_tokens,
            answer_tokens=options.answer_tokens,
            beside=options.beside,
        )
        self._room = self._prompts.room_for_pages()

    def write(self, pages: Sequence[DocumentPage]) -> list[AskRequest]:
        """Return the requests about a document.

        Raises:
            DocumentError: One of its pages is larger than the window.
        """
        if self._job.options.per == "document" and (whole := self._write_whole(pages)) is not None:
            return [whole]
        is_alone = self._job.options.per == "page"
        groups = list(
            page_groups(
                pages,
                tokens=self._room,
                max_pages=1 if is_alone else None,
                overlap=0 if is_alone else self._job.options.overlap,
                profile=self._job.profile,
                beside=self._prompts.count_beside,
            )
        )
        return [self._write_part(group, len(groups)) for group in groups]

    def _write_part(self, group: PageGroup, parts: int) -> AskRequest:
        return AskRequest(
            key=self._job.find_key("part", self._prompts.find_key(group)),
            question=self._question,
            pages=group.pages,
            part=group.number,
            parts=parts,
            is_whole=False,
            tokens=group.tokens + self._prompts.window_tokens - self._prompts.answer_tokens - self._room,
            context=self._prompts.ask_about(group),
        )

    def _write_whole(self, pages: Sequence[DocumentPage]) -> AskRequest | None:
        """Return the request about all pages; None where they do not fit."""
        job, costs = self._job, RequestCosts(self._job.profile, tokens_beside=MESSAGE_TOKENS)
        for page in pages:
            costs.add(page.page)
        room = job.window_tokens - job.options.answer_tokens
        if costs.find_excess(room):  # what stands beside them is not written for nothing
            return None
        marks = next(filter(None, (page.marks for page in pages)), "")
        context = Context.of(
            self._question,
            pages=[page.page for page in pages],
            note=" ".join(filter(None, (TEXT_NOTE, marks))),
            identifiers=[self._list_identifiers(page) for page in pages],
        )
        texts = [part.text for part in context.messages[0].parts if isinstance(part, Text)]
        tokens = costs.tokens + sum(map(self._prompts.count_text, texts))
        if tokens > room:
            return None
        said = [[page.page.digest for page in pages], texts]
        return AskRequest(
            key=job.find_key("whole", said),
            question=self._question,
            pages=tuple(pages),
            part=1,
            parts=1,
            is_whole=True,
            tokens=tokens,
            context=context,
        )

    def _list_identifiers(self, page: DocumentPage) -> str:
        share = self._job.options.beside
        if not share:
            return ""
        name = f"page {page.page.number}"
        return quote_identifiers(
            page.page.text, profile=self._job.profile, share=share, page=name, links=page.links
        )
