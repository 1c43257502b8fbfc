"""What a `Document` remembers of its page, and how its picture is had again: from a store, or drawn from its text.

A picture is a view of `page_content` and may be thrown away. Knows pages and metadata; knows nothing about files.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from langchain_core.stores import BaseStore
from PIL import Image

from glyph_memory import (
    DocumentError,
    GlyphMemoryError,
    ImagePart,
    ModelProfile,
    Page,
    PageStyle,
    explain_page,
    pixel_digest,
    repack,
)
from glyph_memory.documents import PageRecipe
from langchain_glyph_memory.stores import PageFolder

ByteStore = BaseStore[str, bytes]
"""Where pictures are kept: any of LangChain's stores of bytes, such as a `PageFolder`."""
NOTE = "glyph"
"""The key in a document's metadata."""

_DEFAULT = PageStyle()


@dataclass(frozen=True, kw_only=True, slots=True)
class PageNote:
    """What a document's metadata holds about its page: some hundred characters, never the image."""

    digest: str
    """Of the picture's pixels; the key under which a store keeps it."""
    size: tuple[int, int]
    """Width and height in pixels."""
    tokens: int
    """What it costs in a prompt."""
    text: str
    """Digest of the text: one that was split or changed since shows something else."""
    style: PageStyle
    """How it looks."""
    headings: tuple[tuple[int, int], ...] | None = None
    """Of a page of excerpts: where their numbers stand; see `PackedPage.headings`."""
    recipe: PageRecipe = field(default_factory=PageRecipe)
    """What it is drawn from, beside the text."""
    path: str = ""
    """The picture's file, where it is kept in a folder; for those who hand files to a server. It may be gone."""

    @classmethod
    def from_page(
        cls,
        page: Page,
        store: ByteStore | None,
        *,
        style: PageStyle,
        profile: ModelProfile,
        headings: tuple[tuple[int, int], ...] | None = None,
        recipe: PageRecipe | None = None,
    ) -> Self:
        """Return a page's note, and store the page's image if there is a store."""
        if store is not None:
            store.mset([(page.digest, page.png())])
        return cls(
            digest=page.digest,
            size=page.size,
            # A prompt holds more than one image sooner or later; one rule charges for a lone image otherwise.
            tokens=profile.image_tokens(page.size, images=2),
            text=_digest(page.text),
            style=style,
            headings=headings,
            recipe=recipe or PageRecipe(),
            path=str(store.path_of(page.digest)) if isinstance(store, PageFolder) else "",
        )

    def to_json(self) -> str:
        """Return the note as one string: many vector stores refuse or drop nested values."""
        told: dict[str, Any] = {
            "digest": self.digest,
            "size": self.size,
            "tokens": self.tokens,
            "media_type": "image/png",
            "text": self.text,
            "style": _dump_style(self.style),
        }
        more = {"headings": self.headings, "path": self.path, "recipe": self.recipe.to_fields()}
        return json.dumps(told | {name: value for name, value in more.items() if value not in (None, "", {})})

    @classmethod
    def read(cls, metadata: Mapping[str, Any]) -> Self | None:
        """Return the note in a document's metadata, given as a string or an object; None where there is none.

        Raises:
            ValueError: What stands there is no note.
        """
        told = metadata.get(NOTE)
        if told is None:
            return None
        try:
            told = json.loads(told) if isinstance(told, str) else told
            headings = told.get("headings")
            width, height = told["size"]
            return cls(
                digest=str(told["digest"]),
                size=(int(width), int(height)),
                tokens=int(told["tokens"]),
                text=str(told["text"]),
                style=PageStyle(**{name: _to_tuples(value) for name, value in told["style"].items()}),
                headings=None
                if headings is None
                else tuple((int(start), int(stop)) for start, stop in headings),
                recipe=PageRecipe.from_fields(told.get("recipe") or {}),
                path=str(told.get("path") or ""),
            )
        except (TypeError, ValueError, KeyError, AttributeError, DocumentError) as error:
            raise ValueError(f"metadata {NOTE!r} is no page's ({error})") from error

    @property
    def explanation(self) -> str:
        """What a model is told of the signs on the page; empty of a PDF's own, and where there are none."""
        return "" if self.recipe.number else explain_page(self.style)

    def is_of(self, text: str) -> bool:
        """Return whether the text is this page's, unchanged."""
        return self.text == _digest(text)

    def check_stored(self, data: bytes | None, text: str) -> ImagePart | None:
        """Return a stored image if it is this page's and the text is unchanged; else None."""
        if data is None or not self.is_of(text):
            return None
        try:
            with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
                if image.size != self.size or pixel_digest(image) != self.digest:
                    return None
        except Exception:  # decoders of broken files raise whatever they like
            return None
        return ImagePart(data=data, size=self.size)

    def draw(self, text: str) -> tuple[ImagePart, ...]:
        """Draw the page again from the text; in rare cases there is more than one image.

        Raises:
            GlyphMemoryError: It cannot be drawn: there is no text, or a font of the style is missing here.
        """
        is_same = self.is_of(text)
        if is_same and self.headings is not None:
            pages = repack(text, self.headings, style=self.style)
        else:
            pages = (self.recipe if is_same else PageRecipe()).draw(text, style=self.style)
        if is_same and self.recipe.number and [page.digest for page in pages] != [self.digest]:
            raise DocumentError(
                f"page {self.recipe.number} of {self.recipe.path!r} is not the page that was loaded; load it again"
            )
        return tuple(map(ImagePart.of, pages))


def load_pictures(note: PageNote, text: str, data: bytes | None) -> tuple[ImagePart, ...]:
    """Return a document's images: the stored one, else new ones drawn from the text.

    Raises:
        ValueError: It is neither stored nor can it be drawn.
    """
    found = note.check_stored(data, text)
    if found is not None:
        return (found,)
    try:
        return note.draw(text)
    except GlyphMemoryError as error:
        raise ValueError(str(error)) from error


def _dump_style(style: PageStyle) -> dict[str, Any]:
    """Return the parameters that differ from the released Glyph model's style."""
    values = ((field.name, getattr(style, field.name)) for field in fields(style))
    return {name: value for name, value in values if value != getattr(_DEFAULT, name)}


def _to_tuples(value: object) -> Any:  # noqa: ANN401  # a style checks the kind of every parameter itself
    return tuple(map(_to_tuples, value)) if isinstance(value, list | tuple) else value


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
