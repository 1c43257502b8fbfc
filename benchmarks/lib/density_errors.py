"""What a reader gets wrong of a page's letters, marks for line breaks and counts of runs left out.

White space is not compared: a mark stands in its place, and what a reader makes of a mark is no letter lost. Knows a
page and what was read; knows nothing about who read it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from glyph_memory import Page
from glyph_memory.evaluate.alignment import Alignment
from glyph_memory.transcription import Transcription
from glyph_memory.typesetting import spell_characters


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterErrors:
    """Errors at letters, and how many letters there are."""

    edits: int = 0
    """Letters changed, left out or put in, away from marks."""
    letters: int = 0
    """Characters of the text that are drawn as themselves, white space left out."""
    at_marks: int = 0
    """Edits within marks and counts, or beside them."""

    def __add__(self, other: LetterErrors) -> LetterErrors:
        """Return both together."""
        return LetterErrors(
            edits=self.edits + other.edits,
            letters=self.letters + other.letters,
            at_marks=self.at_marks + other.at_marks,
        )

    @property
    def rate(self) -> float:
        """Share of letters that came back wrong."""
        return self.edits / self.letters if self.letters else 0.0


def count_letter_errors(page: Page, transcription: Transcription) -> LetterErrors:
    """Align what was read with what is drawn, and count edits away from marks."""
    truth, marks = list[str](), list[bool]()
    for character, drawn in zip(page.text, spell_characters(page), strict=True):
        is_mark = bool(drawn.strip()) and (character.isspace() or (len(drawn) > 1 and drawn[0] != "\\"))
        for letter in unicodedata.normalize("NFC", "".join(drawn.split())):
            truth.append(letter)
            marks.append(is_mark)
    said = "".join("".join(line.text.split()) for line in transcription.lines)
    alignment = Alignment("".join(truth), unicodedata.normalize("NFC", said))
    marked = np.array([*marks, False], np.bool_)
    before = np.concatenate([[False], marked[:-1]])
    inserts = np.array([kind == "insert" for kind in alignment.kinds], np.bool_)
    at_marks = int((marked[alignment.at] | before[alignment.at] & inserts).sum())
    return LetterErrors(edits=alignment.edits - at_marks, letters=len(marks) - sum(marks), at_marks=at_marks)
