"""What a page is among LlamaIndex's nodes: its class, what its metadata tells, and where its file is kept.

A page is an `ImageNode`: a `TextNode`, which extractors and splitters take, with the path of a picture, which engines
for pictures take; both come back from docstores, vector stores and caches. Pages that were stored as plain `Node`s are
pages as well.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TypeGuard, TypeVar

from llama_index.core.schema import BaseNode, ImageNode, MediaResource, Node, TextNode
from llama_index.core.utils import get_cache_dir

from glyph_memory import Page, StoreError, find_folder_fault, make_private_folder, write_atomic

_PNG = "image/png"
_Any = TypeVar("_Any", bound=BaseNode)

MARKS_KEY = "glyph_marks"
"""The key for what the red signs on a page mean, where it has any; shown to the LLM, never embedded."""
PAGE_KEYS = (
    MARKS_KEY,
    "glyph_page",
    "glyph_pages",
    "glyph_start",
    "glyph_tokens",
    "glyph_size",
    "glyph_digest",
    "glyph_style",
    "glyph_origin",
    "glyph_links",
    "glyph_way",
    "glyph_recipe",
)
"""What a page node's metadata tells of its page: its number from 1, how many there are, the offset of its first
character in the document, what it costs, width x height in pixels, the digest of its pixels, and what drew it; and,
where there is something to tell: what its signs mean, where in the file it comes from, where its links lead, whether it
is a PDF's own page, and what it is drawn from besides its text. They are flat, as many vector stores demand, and shown
neither to the embedding model nor, but for the signs, to the LLM."""


def is_page(node: BaseNode) -> TypeGuard[ImageNode | Node]:
    """Return whether a node is a page: its image, if it has one, shows the same as its text.

    A splitter's chunk of a page is none, though it has the page's metadata.
    """
    return isinstance(node, ImageNode | Node) and "glyph_page" in node.metadata


def find_page_file(node: ImageNode | Node) -> Path | None:
    """Return the path of a page's image, whether or not the file is there."""
    if isinstance(node, ImageNode):
        return Path(node.image_path) if node.image_path else None
    return node.image_resource.path if node.image_resource else None


def get_media(node: BaseNode) -> dict[str, MediaResource]:
    """Return a document's image, audio and video, by field name; a page's own image is left out."""
    names = ("image_resource", "audio_resource", "video_resource")
    held = {name: getattr(node, name, None) for name in names if not (name == names[0] and is_page(node))}
    return {name: media for name, media in held.items() if media is not None}


def set_page_file(node: ImageNode | Node, path: Path, told: dict[str, str | int]) -> ImageNode | Node:
    """Return a page's node with another file, and the metadata that goes with it."""
    fields: dict[str, object] = {"metadata": told}
    if isinstance(node, ImageNode):
        fields |= {"image_path": str(path), "image_mimetype": _PNG}
    else:
        fields["image_resource"] = MediaResource(path=path, mimetype=_PNG)
    return node.model_copy(update=fields)


def drop_image(node: ImageNode | Node) -> TextNode | Node:
    """Return a copy of a page's node that is text alone."""
    bare = drop_marks(node)
    if isinstance(bare, ImageNode):  # without a picture LlamaIndex fails on one
        return TextNode.model_construct(**{name: getattr(bare, name) for name in TextNode.model_fields})
    return bare.model_copy(update={"image_resource": None})


def drop_marks(node: _Any) -> _Any:
    """Return a node without what is told of the signs on its page."""
    if MARKS_KEY not in node.metadata:
        return node
    told = {key: value for key, value in node.metadata.items() if key != MARKS_KEY}
    return node.model_copy(update={"metadata": told})


def write_page(page: Page, folder: Path) -> Path:
    """Write a page's file unless it exists, and return its path.

    Other processes see the whole file or none. It is readable by its owner alone.

    Args:
        page: What to write.
        folder: Where; made where it is missing.

    Raises:
        StoreError: The folder cannot be written, is a link, another user's, or everybody may write to it.
    """
    path = folder / f"{page.digest}.png"
    try:
        make_private_folder(folder)
        if not path.exists():
            write_atomic(path, page.png(), mode=0o600)
    except OSError as error:
        raise _name_folder(folder, error) from error
    return path


def choose_folder(given: str | Path | None) -> Path:
    """Return where page files go; in LlamaIndex's cache unless given.

    Raises:
        StoreError: It is an address.
    """
    if isinstance(given, str) and "://" in given:
        raise StoreError(
            "nodes name their pages by paths of this machine, so that an address cannot hold them; give pages_dir= a "
            "folder"
        )
    return Path(given or Path(get_cache_dir()) / "glyph_pages").expanduser().absolute()


def check_folder(folder: Path) -> None:
    """Raise an error where page files could not be written; nothing is made yet.

    Raises:
        StoreError: As for `write_page`.
    """
    if fault := find_folder_fault(folder):
        raise _name_folder(folder, OSError(errno.EINVAL, fault))
    above = next((path for path in (folder, *folder.parents) if os.path.lexists(path)), folder)
    code = errno.ENOTDIR if not above.is_dir() else errno.EACCES if not os.access(above, os.W_OK) else 0
    if code:
        raise _name_folder(folder, OSError(code, f"{os.strerror(code)}: {str(above)!r}"))


def _name_folder(folder: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot write pages to {str(folder)!r}: {error.strerror or error}; give a pages_dir that can be written"
    )
