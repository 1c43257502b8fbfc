"""`PackedPageNode`: a page that was made for one request, and what it tells of the nodes that stand on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any, Self

from llama_index.core.base.llms.types import BaseContentBlock, TextBlock
from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.schema import (
    BaseNode,
    ImageNode,
    MetadataMode,
    NodeRelationship,
    ObjectType,
    TextNode,
)
from llama_index.memory.glyph.messages import PageImageBlock
from llama_index.memory.glyph.page_nodes import PAGE_KEYS

from glyph_memory import ImagePart, PackedPage, warn

PACKED_KEYS = ("glyph_sources", "glyph_documents", "glyph_nodes")
"""What a packed page's metadata tells of the nodes on it, a line each: where they are from, as their headings say it;
the ids of their documents, where they have one; their own ids."""


class TextReading:
    """Warns once where pages are read as text: LlamaIndex asks its text engines' nodes for no pictures."""

    def __init__(self) -> None:
        self._is_told = False

    def warn(self) -> None:
        """Warn, unless it was done."""
        if not self._is_told:
            self._is_told = True
            warn(
                "retrieved pages go to the model as text, as this engine shows no pictures; take multimodal=True on "
                "query engines and synthesizers, MultiModalContextChatEngine or "
                "MultiModalCondensePlusContextChatEngine as chat engines, or leave PagePostprocessor out"
            )


class PackedPageNode(ImageNode):
    """A page made for one request: to a model its image and its identifiers, to everything else its text.

    Engines of LlamaIndex that take image nodes apart themselves are given the image alone. Stores and JSON make it a
    text node, for images do not outlive the request. Its children are the nodes that stand on it; its metadata is what
    all of them have in common, and what names each of them.
    """

    image: str | None = Field(default=None, exclude=True, repr=False, description="The page, in base64.")
    _image: PageImageBlock | None = PrivateAttr(default=None)
    _ledger: str = PrivateAttr(default="")
    _caption: str = PrivateAttr(default="")
    _reading: TextReading | None = PrivateAttr(default=None)

    @classmethod
    def get_type(cls) -> str:
        """Return what stores know it by: text."""
        return ObjectType.TEXT

    @classmethod
    def class_name(cls) -> str:
        """Return the class's name in serialized form: a text node's, which stores make of it."""
        return "TextNode"

    @classmethod
    def of(
        cls,
        packed: PackedPage,
        nodes: Sequence[BaseNode],
        *,
        tokens: int,
        caption: str = "",
        ledger: str = "",
        reading: TextReading | None = None,
    ) -> Self:
        """Make a node of a page.

        Args:
            packed: The page.
            nodes: Those that stand on it.
            tokens: What the page costs.
            caption: What is said before it.
            ledger: Its identifiers, as they are said beside it; see `quote_identifiers`.
            reading: What warns where it is read as text.
        """
        page = packed.page
        made = cls._make(
            page.digest[:32], packed.text, nodes, ImagePart.of(page), tokens=tokens, digest=page.digest
        )
        made._caption, made._ledger, made._reading = caption, ledger, reading
        return made

    @classmethod
    def of_page(
        cls,
        node: BaseNode,
        image: ImagePart,
        *,
        tokens: int,
        caption: str = "",
        ledger: str = "",
        reading: TextReading | None = None,
    ) -> Self:
        """Make a node of a page that stays whole.

        Args:
            node: The page's.
            image: What it shows.
            tokens: What that costs.
            caption: As for `of`.
            ledger: As for `of`.
            reading: As for `of`.
        """
        text, digest = node.get_content(MetadataMode.NONE), str(node.metadata.get("glyph_digest") or "")
        made = cls._make(node.node_id, text, [node], image, tokens=tokens, digest=digest)
        made._caption, made._ledger, made._reading = caption, ledger, reading
        return made

    @classmethod
    def _make(
        cls, id_: str, text: str, nodes: Sequence[BaseNode], image: ImagePart, *, tokens: int, digest: str
    ) -> Self:
        metadata = {
            **_common_metadata(nodes),
            **_describe_sources(nodes),
            "glyph_tokens": tokens,
            "glyph_size": f"{image.size[0]}x{image.size[1]}",
            "glyph_digest": digest,
        }
        relationships: dict[NodeRelationship, object] = {
            NodeRelationship.CHILD: [node.as_related_node_info() for node in nodes]
        }
        source = nodes[0].source_node
        if source is not None and all(node.ref_doc_id == source.node_id for node in nodes):
            relationships[NodeRelationship.SOURCE] = source
        made = cls.model_validate(
            {
                "id_": id_,
                "text": text,
                "image": image.base64,
                "image_mimetype": image.media_type,
                "metadata": metadata,
                # The text has the metadata of each node already.
                "excluded_embed_metadata_keys": list(metadata),
                "excluded_llm_metadata_keys": list(metadata),
                "relationships": relationships,
            }
        )
        made._image = PageImageBlock.of(image, tokens=tokens)
        return made

    def get_content(self, metadata_mode: MetadataMode = MetadataMode.NONE) -> str:
        """Return the page's text; where a model is to read it, warn that it sees no page."""
        if metadata_mode == MetadataMode.LLM and self._reading is not None:
            self._reading.warn()
        return super().get_content(metadata_mode)

    def get_content_blocks(self, metadata_mode: MetadataMode = MetadataMode.NONE) -> list[BaseContentBlock]:
        """Return the page's image, its caption and the identifiers on it; its text where the image is gone."""
        if self._image is None:
            return TextNode.get_content_blocks(self, metadata_mode)
        before, after = ([TextBlock(text=text)] if text else [] for text in (self._caption, self._ledger))
        return [*before, self._image, *after]


def name_source(node: BaseNode) -> str:
    """Return a readable name of a node's source, with the page number where the node is a page."""
    told = node.metadata
    path = PurePath(str(told.get("file_path") or "")).name
    name = str(told.get("title") or told.get("file_name") or told.get("source") or path)
    origin = str(told.get("glyph_origin") or "")
    if origin and not origin.startswith("line"):
        return f"{name}, {origin}" if name else origin
    if "glyph_page" not in told or told.get("glyph_pages") == 1:
        return name
    page = f"part {told['glyph_page']} of {told.get('glyph_pages', '?')}"
    return f"{name}, {page}" if name else page


def list_links(nodes: Iterable[BaseNode]) -> list[str]:
    """Return where the links of page nodes lead."""
    return [link for node in nodes for link in str(node.metadata.get("glyph_links") or "").splitlines()]


def _describe_sources(nodes: Sequence[BaseNode]) -> dict[str, str]:
    lines = (
        [name_source(node) for node in nodes],
        [node.ref_doc_id or "" for node in nodes],
        [node.node_id for node in nodes],
    )
    told = zip(PACKED_KEYS, ("\n".join(filter(None, dict.fromkeys(one))) for one in lines), strict=True)
    return {key: value for key, value in told if value}


def _common_metadata(nodes: Sequence[BaseNode]) -> dict[str, Any]:
    """Return the metadata that all nodes have in common, without the keys that describe a page."""
    first, *others = [node.metadata for node in nodes]
    return {
        key: value
        for key, value in first.items()
        if key not in (*PAGE_KEYS, *PACKED_KEYS)
        and all(key in other and other[key] == value for other in others)
    }
