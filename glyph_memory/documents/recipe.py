"""The `PageRecipe`: what a document's page is drawn from again, beside its text.

It is as small as the metadata of a vector store has to be. Knows documents and pages; knows nothing about stores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from glyph_memory.document import Document, SourceSpan
from glyph_memory.documents.drawing import DocumentPage, draw_pages
from glyph_memory.documents.native import draw_native_page, open_original
from glyph_memory.errors import DocumentError, show_value
from glyph_memory.files import is_file
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import restore_layout

_KEEP = "keep its pictures (store=, pages_dir=)"


@dataclass(frozen=True, kw_only=True, slots=True)
class PageRecipe:
    """How a page is drawn again from its text."""

    structure: str = ""
    """Blocks as `Document.to_json` writes them; empty where the text is plain."""
    pictures: int = 0
    """How many pictures stand on the page that are not in `structure`; their captions stand for them."""
    layout: str = ""
    """How the text is laid out, where it is not "lines": in a style that chooses, a page alone might get another."""
    is_full: bool = False
    """Whether the page is as tall as one that others follow, though little stands at its foot: alone it would be
    cropped there."""
    path: str = ""
    """Of a PDF's own page: the file; empty where the PDF was given as bytes."""
    number: int = 0
    """Of a PDF's own page: its number in the file, counted from 1."""
    profile: str = ""
    """Of a PDF's own page: the name of the model that it is as large as it is for."""

    @classmethod
    def of(cls, page: DocumentPage, *, profile: ModelProfile) -> Self:
        """Return the recipe of a page.

        Args:
            page: The page.
            profile: The model that it was drawn for.
        """
        document, shown = page.document, page.page
        if page.way == "native":
            number = next((place.page for place in page.source_map if place.page is not None), 0)
            original = document.original
            path = str(original.absolute()) if isinstance(original, Path) else ""
            return cls(path=path, number=number, profile=profile.name)
        layout = page.layout or "lines"
        recipe = cls.of_document(document.cut(shown.start, shown.stop))
        return replace(recipe, layout="" if layout == "lines" else layout, is_full=_is_full(shown))

    @classmethod
    def of_document(cls, document: Document) -> Self:
        """Return the recipe of all pages of a document."""
        if all(block.kind == "text" and not block.spans for block in document.blocks):
            return cls()
        structure = Document(text=document.text, blocks=document.blocks).to_json(text=False)
        pictures = sum(block.picture is not None for block in document.blocks)
        return cls(structure=structure, pictures=pictures)

    def to_fields(self) -> dict[str, str | int]:
        """Return what is not empty, for JSON."""
        told: dict[str, str | int] = {
            "structure": self.structure,
            "pictures": self.pictures,
            "layout": self.layout,
            "is_full": self.is_full,
        }
        told |= {"path": self.path, "number": self.number, "profile": self.profile}
        return {name: value for name, value in told.items() if value}

    @classmethod
    def from_fields(cls, told: object) -> Self:
        """Return what `to_fields` wrote, by whomever.

        Raises:
            DocumentError: It is nothing of the kind.
        """
        fields: Mapping[str, Any] = told if isinstance(told, Mapping) else {"number": told}
        names = ("structure", "pictures", "layout", "is_full", "path", "number", "profile")
        recipe = cls(**{name: fields[name] for name in names if name in fields})
        texts, counts = (
            (recipe.structure, recipe.layout, recipe.path, recipe.profile),
            (recipe.pictures, recipe.number),
        )
        if (
            not all(isinstance(text, str) for text in texts)
            or not all(type(count) is int for count in counts)
            or not isinstance(recipe.is_full, bool)
        ):
            raise DocumentError(
                f"{show_value(told)} says nothing of how a page is drawn; load its document again"
            )
        return recipe

    def restore(self, text: str) -> Document:
        """Return the document that a text is, with its structure.

        Raises:
            DocumentError: The structure is of another text.
        """
        return Document.from_json(self.structure, text=text) if self.structure else Document(text=text)

    def draw(
        self, text: str, *, style: PageStyle, profile: ModelProfile | None = None, password: str | None = None
    ) -> tuple[Page, ...]:
        """Draw the page; more than one where the text needs more alone.

        It holds the same text in the same layout, and mostly is the same picture. It may be another where more than
        the page's text decides: where paragraphs are indented or framed and it began within one, where lines are
        justified and its last one went on, where a table's other rows had wider cells, or where it began within more
        than a thousand spaces.

        A PDF's own page is drawn from the file. Who shows it compares its digest: what stands in a recipe may come from
        anybody, and so may what is in the file by now.

        Args:
            text: The page's.
            style: How it looks.
            profile: The model that will read; that of the recipe unless given.
            password: Of an encrypted PDF.

        Raises:
            DocumentError: There is nothing to draw, or the file is gone, encrypted or another.
            FontError: A font is missing or cannot be drawn.
            ProfileError: The recipe's model is not known.
        """
        if not self.number:
            fixed = restore_layout(style, self.layout)
            if self.is_full:
                fixed = replace(fixed, crop_last_page=False)
            return tuple(one.page for one in draw_pages(self.restore(text), style=fixed, way="reflow"))
        if not Path(self.path).is_absolute() or not is_file(self.path):  # an address, a pipe, standard input
            where = (
                f"there is no file {self.path!r} on this machine" if self.path else "it was read from memory"
            )
            raise DocumentError(
                f"page {self.number} of a PDF cannot be drawn again: {where}; load the document again, and "
                f"{_KEEP}"
            )
        place = SourceSpan(start=0, stop=len(text), page=self.number)
        document = Document(text=text, source=self.path, source_map=(place,), original=Path(self.path))
        remedy = f"its password is not remembered; {_KEEP}"
        with open_original(document, password=password, remedy=remedy) as opened:
            return (draw_native_page(opened, document, self.number, profile=profile or self.profile),)


def _is_full(page: Page) -> bool:
    """Return whether a page has its full height and would lose some of it below its last ink."""
    style = page.style
    if style is None or not style.crop_last_page or page.size[1] != style.page_px[1]:
        return False
    tops = [line.box[1] for line in page.lines if line.text.strip()]
    below_px = style.page_px[1] - max(tops, default=0) - style.to_vertical_px(style.margin_y_pt)
    return below_px >= style.snap_px
