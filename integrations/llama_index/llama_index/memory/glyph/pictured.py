"""Page nodes whose text does not say all: a PDF's own pages, and pages with pictures on them. Draw pages again.

Knows nodes and page files; knows nothing about budgets.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import TypeGuard

from llama_index.core.schema import BaseNode, ImageNode, MetadataMode, Node
from llama_index.memory.glyph.page_nodes import find_page_file, is_page
from PIL import Image

from glyph_memory import (
    DocumentError,
    GlyphMemoryError,
    ImagePart,
    ModelProfile,
    Page,
    PageStyle,
    pixel_digest,
    warn,
)
from glyph_memory.documents import PageRecipe

_LARGEST = 1 << 26
"""Bytes of a page file that are read."""


def is_pictured(node: BaseNode) -> TypeGuard[ImageNode | Node]:
    """Return whether a node is a page with pictures that its text does not hold."""
    if not is_page(node):
        return False
    try:
        recipe = _read_recipe(node)
    except DocumentError:
        return False
    return bool(recipe.number or recipe.pictures)


def load_page_image(node: ImageNode | Node, *, style: PageStyle, profile: ModelProfile) -> ImagePart:
    """Return a page's image from its file; of a PDF's own page, drawn again where the file is gone.

    Raises:
        GlyphMemoryError: It can be had from neither.
    """
    path = find_page_file(node)
    try:
        is_small = path is not None and path.is_file() and path.stat().st_size <= _LARGEST
        data = path.read_bytes() if path is not None and is_small else b""
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if pixel_digest(image) == node.metadata.get("glyph_digest"):
                return ImagePart(data=data, size=image.size)
    except Exception:  # noqa: S110  # decoders of broken files raise whatever they like; it is drawn again
        pass
    if not _read_recipe(node).number:
        raise DocumentError("its page file is gone, and its pictures with it; set its document again")
    return ImagePart.of(draw_again(node, style=style, profile=profile))


def draw_again(
    node: ImageNode | Node, *, style: PageStyle, profile: ModelProfile, password: str | None = None
) -> Page:
    """Draw a page node's page.

    Raises:
        GlyphMemoryError: It cannot be drawn, or is another than it was.
    """
    recipe = _read_recipe(node)
    pages = recipe.draw(node.get_content(MetadataMode.NONE), style=style, profile=profile, password=password)
    if recipe.number and pages[0].digest != node.metadata.get("glyph_digest"):
        raise DocumentError(
            f"page {recipe.number} of {recipe.path!r} is not what was read; the file has changed: read it again"
        )
    if (
        len(pages) != 1
    ):  # where paragraphs are indented, a page that begins within one breaks its lines otherwise
        raise DocumentError("it takes more than a page without those before it; set its document again")
    return pages[0]


def warn_of_nodes(failed: Iterable[tuple[BaseNode, GlyphMemoryError]]) -> None:
    """Warn of page nodes that go on as text, once for a document."""
    groups = dict[str | None, list[tuple[BaseNode, GlyphMemoryError]]]()
    for node, error in failed:
        groups.setdefault(node.ref_doc_id, []).append((node, error))
    for (first, why), *others in groups.values():
        more = f" (and {len(others):,} more of its document)" if others else ""
        warn(f"page node {first.node_id!r}{more} goes on as text, as it cannot be drawn: {why}")


def _read_recipe(node: BaseNode) -> PageRecipe:
    try:
        return PageRecipe.from_fields(json.loads(node.metadata.get("glyph_recipe") or "{}"))
    except (ValueError, TypeError, AttributeError) as error:
        raise DocumentError(f"its recipe cannot be read ({error}); set its document again") from error
