"""What all that reads a Word document needs at hand: its parts, styles and numberings, and where the text goes.

Knows no text itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from glyph_memory.documents.builder import Builder
from glyph_memory.documents.formats.office.package import Package
from glyph_memory.documents.formats.word.numbering import Numbering
from glyph_memory.documents.formats.word.styles import Styles
from glyph_memory.documents.options import LoadOptions


@dataclass(kw_only=True, slots=True)
class Context:
    """A Word document that is being read."""

    package: Package
    """The file."""
    part: str
    """The part that is read at the moment: links count from it."""
    styles: Styles
    """Of paragraphs and runs."""
    numbering: Numbering
    """Of lists and headings, counting."""
    builder: Builder
    """Gets the text and the reports."""
    options: LoadOptions
    """What is wanted, and what may be spent."""
    citations: list[tuple[str, str, str]] = field(default_factory=list)
    """Notes that were cited and are not written yet: label, kind and id."""
    counts: dict[str, int] = field(default_factory=dict)
    """How many notes of each kind were cited."""
