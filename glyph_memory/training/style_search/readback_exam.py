"""A cheaper exam: how much of a page comes back letter by letter. It needs no questions, and no language model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from glyph_memory.errors import DocumentError, ReaderError
from glyph_memory.evaluate.errors import CharacterErrors
from glyph_memory.evaluate.readback import read_back
from glyph_memory.evaluate.readers import PageReader, find_reader
from glyph_memory.page import Page
from glyph_memory.style import TYPESETTER, PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.style_search.exam import ExamAnswer, ExamCost
from glyph_memory.typesetting import typeset


class ReadBackExam:
    """Texts that are drawn and read back; a text's score is the share of its characters that came back right.

    Args:
        texts: Each is one question; about a page of text each is best.
        reader: Makes a transcription of a picture: a function, or the name of one, `nano` or `tesseract`.
        profile: Whose tokens count.
        reader_name: What the reader is called; its name unless given.

    Raises:
        TrainingError: There is no text, or one is empty.
        ReaderError: There is no such reader.
    """

    def __init__(
        self,
        texts: Iterable[str],
        *,
        reader: PageReader | str = "nano",
        profile: ModelProfile | str = "glyph",
        reader_name: str = "",
    ) -> None:
        self._texts, self._profile = tuple(texts), ModelProfile.of(profile)
        self._read = find_reader(reader) if isinstance(reader, str) else reader
        self._name = reader_name or (
            reader if isinstance(reader, str) else getattr(reader, "__name__", "reader")
        )
        if not self._texts:
            raise TrainingError("there is no text to read back; give some of about a page each")
        if blank := next((number for number, text in enumerate(self._texts, 1) if not text.strip()), None):
            raise TrainingError(
                f"text {blank} of {len(self._texts)} is empty, and nothing can be read; leave it out"
            )

    @property
    def size(self) -> int:
        """How many texts there are."""
        return len(self._texts)

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the scores depend on besides the style."""
        digest = hashlib.sha256()
        for text in self._texts:
            digest.update(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
        return {
            "exam": "read back",
            "texts": digest.hexdigest()[:16],
            "questions": self.size,
            "reader": self._name,
            "profile": self._profile.name,
            "text counter": self._profile.text_counter.name,
            "typesetter": TYPESETTER,
        }

    def measure(self, style: PageStyle) -> ExamCost:
        """Return what all texts cost in a style.

        Raises:
            GlyphMemoryError: They cannot be drawn in it.
        """
        page_tokens = 0
        for text in self._texts:
            pages = self._draw(text, style)
            page_tokens += sum(self._profile.image_tokens(page.size, images=len(pages)) for page in pages)
        return ExamCost(text_tokens=sum(map(self._profile.text_tokens, self._texts)), page_tokens=page_tokens)

    def ask(self, style: PageStyle, number: int) -> ExamAnswer:
        """Read one text back."""
        checks = []
        for page in self._draw(self._texts[number], style):
            try:
                checks.append(read_back(page, self._read(page.image)))
            except ReaderError as error:
                return ExamAnswer(fault="unusable", error=str(error), is_missing=error.retryable)
        errors = CharacterErrors.total(check.errors for check in checks)
        return ExamAnswer(score=round(max(1 - errors.edits / max(errors.characters, 1), 0.0), 6))

    def _draw(self, text: str, style: PageStyle) -> list[Page]:
        pages = list(typeset(text, style=style))
        if not pages:
            raise DocumentError("a text makes no page; leave it out")
        return pages
