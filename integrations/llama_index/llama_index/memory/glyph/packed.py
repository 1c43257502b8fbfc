"""Pages as nodes: what their metadata tells, `PackedPageNode`, and where page files are kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from llama_index.core.base.llms.types import BaseContentBlock, TextBlock
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.schema import BaseNode, MediaResource, MetadataMode, Node, NodeRelationship
from llama_index.memory.glyph.messages import PageImageBlock

from glyph_memory import ImagePart, PackedPage, Page, StoreError, make_private_folder, write_atomic

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
        raise StoreError(
            f"cannot write pages to {str(folder)!r}: {error.strerror or error}; give a pages_dir that can be written"
        ) from error
    return path


class PackedPageNode(Node):
    """A page made for one request: to a model its image and its identifiers, to everything else its text.

    Stores and JSON make it a plain node of that text, for images do not outlive the request. Its children are the nodes
    that stand on it; its metadata is what all of them have in common.
    """

    _image: PageImageBlock | None = PrivateAttr(default=None)
    _ledger: str = PrivateAttr(default="")
    _caption: str = PrivateAttr(default="")

    @classmethod
    def of(
        cls,
        packed: PackedPage,
        nodes: Sequence[BaseNode],
        *,
        tokens: int,
        caption: str = "",
        ledger: str = "",
    ) -> Self:
        """Make a node of a page.

        Args:
            packed: The page.
            nodes: Those that stand on it.
            tokens: What the page costs.
            caption: What is said before it.
            ledger: Its identifiers, as they are said beside it; see `quote_identifiers`.
        """
        page = packed.page
        told = {
            "glyph_tokens": tokens,
            "glyph_size": f"{page.size[0]}x{page.size[1]}",
            "glyph_digest": page.digest,
        }
        metadata = {**_common_metadata(nodes), **told}
        relationships: dict[NodeRelationship, object] = {
            NodeRelationship.CHILD: [node.as_related_node_info() for node in nodes]
        }
        source = nodes[0].source_node
        if source is not None and all(node.ref_doc_id == source.node_id for node in nodes):
            relationships[NodeRelationship.SOURCE] = source
        made = cls.model_validate(
            {
                "id_": page.digest[:32],
                "text_resource": MediaResource(text=packed.text),
                "metadata": metadata,
                # The text has the metadata of each node already.
                "excluded_embed_metadata_keys": list(metadata),
                "excluded_llm_metadata_keys": list(metadata),
                "relationships": relationships,
            }
        )
        made._image = PageImageBlock.of(ImagePart.of(page), tokens=tokens)
        made._caption, made._ledger = caption, ledger
        return made

    @classmethod
    def of_page(
        cls, node: Node, image: ImagePart, *, tokens: int, caption: str = "", ledger: str = ""
    ) -> Self:
        """Make a node of a page that stays whole.

        Args:
            node: The page's.
            image: What it shows.
            tokens: What that costs.
            caption: As for `of`.
            ledger: As for `of`.
        """
        metadata = {
            **_common_metadata([node]),
            "glyph_tokens": tokens,
            "glyph_size": f"{image.size[0]}x{image.size[1]}",
            "glyph_digest": str(node.metadata.get("glyph_digest") or ""),
        }
        relationships: dict[NodeRelationship, object] = {
            NodeRelationship.CHILD: [node.as_related_node_info()],
            **({NodeRelationship.SOURCE: node.source_node} if node.source_node else {}),
        }
        made = cls.model_validate(
            {
                "id_": node.node_id,
                "text_resource": MediaResource(text=node.get_content()),
                "metadata": metadata,
                "excluded_embed_metadata_keys": list(metadata),
                "excluded_llm_metadata_keys": list(metadata),
                "relationships": relationships,
            }
        )
        made._image, made._caption, made._ledger = PageImageBlock.of(image, tokens=tokens), caption, ledger
        return made

    def get_content_blocks(self, metadata_mode: MetadataMode = MetadataMode.NONE) -> list[BaseContentBlock]:
        """Return the page's image, its caption and the identifiers on it; its text where the image is gone."""
        if self._image is None:
            return super().get_content_blocks(metadata_mode)
        before, after = ([TextBlock(text=text)] if text else [] for text in (self._caption, self._ledger))
        return [*before, self._image, *after]


def drop_image(node: Node) -> Node:
    """Return a copy of a page's node that is text alone."""
    return drop_marks(node).model_copy(update={"image_resource": None})


def drop_marks(node: Node) -> Node:
    """Return a page's node without what is told of the signs on its page."""
    if MARKS_KEY not in node.metadata:
        return node
    told = {key: value for key, value in node.metadata.items() if key != MARKS_KEY}
    return node.model_copy(update={"metadata": told})


def _common_metadata(nodes: Sequence[BaseNode]) -> dict[str, Any]:
    """Return the metadata that all nodes have in common, without the keys that describe a page."""
    first, *others = [node.metadata for node in nodes]
    return {
        key: value
        for key, value in first.items()
        if key not in PAGE_KEYS and all(key in other and other[key] == value for other in others)
    }
