"""Pack what a retriever found onto as few pages as possible, so that synthesis asks once.

LlamaIndex counts every image as 2,125 tokens and sends a page's text beside its image: six pages are six calls to a
model with a small window. Here they become a page or two that know what they cost, and say what they say once. Knows
nodes and budgets; how excerpts share a page is the core's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import PurePath
from typing import Any, Unpack

from llama_index.core.bridge.pydantic import Field
from llama_index.core.callbacks import CallbackManager
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import (
    BaseNode,
    ImageNode,
    IndexNode,
    MetadataMode,
    Node,
    NodeWithScore,
    QueryBundle,
)
from llama_index.memory.glyph.documents import get_media, is_page
from llama_index.memory.glyph.options import Style, merge_options
from llama_index.memory.glyph.packed import PackedPageNode
from llama_index.memory.glyph.profiles import Profile

from glyph_memory import (
    Document,
    PackedPage,
    PageOptionFields,
    PageOptions,
    pack,
    quote_identifiers,
    warn,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _PageWithLedger:
    """A packed page and the identifiers that are repeated beside it as text."""

    page: PackedPage
    ledger: str


class PagePostprocessor(BaseNodePostprocessor):
    """Draw retrieved text on as few pages as possible, each excerpt under a heading that names where it is from.

    Page nodes and text nodes are drawn alike, from their text as LlamaIndex would show it to the model, metadata
    included; page files are not needed. Nodes with pictures of their own follow the pages, as they are. Use it with
    `multimodal=True` on a query engine or synthesizer; without, the model gets the same excerpts as text.

    Args:
        options: For which model, and how pages look; or its fields as keywords. See `glyph_memory.PageOptions`. The
            style is the released Glyph model's, dense, unless given.
        max_pages: How many pages there may be. The first nodes are drawn, and a warning says what had no room.
        max_tokens: What pages may cost together; as above.
        ledger_share: How much of a page's text tokens its identifiers may take, said again as text beside it: models
            misread them. 0 for none.
        min_ratio: Where text costs less than this many times its pages, it stays text: 1 draws what pays, 0 all.
        callback_manager: LlamaIndex's.
        **fields: The fields of `PageOptions`.

    Example:
        >>> from llama_index.core.schema import TextNode
        >>> found = [NodeWithScore(node=TextNode(text="It opens at nine."), score=0.9)]
        >>> (page,) = PagePostprocessor(min_ratio=0).postprocess_nodes(found)
        >>> page.node.get_content_blocks()[0].estimate_tokens()
        12
    """

    profile: Profile = Field(description="The model that will read.")
    style: Style = Field(default=None, description="How pages look.")
    max_pages: int | None = Field(default=None, ge=1, description="How many pages there may be.")
    max_tokens: int | None = Field(default=None, ge=1, description="What pages may cost together.")
    ledger_share: float = Field(default=1 / 16, ge=0, lt=1, description="Tokens for identifiers.")
    min_ratio: float = Field(default=1, ge=0, description="Text that is cheaper stays text.")

    def __init__(
        self,
        *,
        options: PageOptions | None = None,
        max_pages: int | None = None,
        max_tokens: int | None = None,
        ledger_share: float = 1 / 16,
        min_ratio: float = 1,
        callback_manager: CallbackManager | None = None,
        **fields: Unpack[PageOptionFields],
    ) -> None:
        options = merge_options(options, fields)
        given: dict[str, Any] = {
            "profile": options.profile,
            "style": None if options.style is None else options.page_style,
            "max_pages": max_pages,
            "max_tokens": max_tokens,
            "ledger_share": ledger_share,
            "min_ratio": min_ratio,
        }
        if callback_manager is not None:
            given["callback_manager"] = callback_manager
        super().__init__(**given)

    @classmethod
    def class_name(cls) -> str:
        """Return the class's name in serialized form."""
        return "PagePostprocessor"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        found = [scored for scored in nodes if _is_text(scored.node)]
        if not found:
            return nodes
        documents = [Document(text=_get_text(scored.node), title=_title(scored.node)) for scored in found]
        packed = [
            _PageWithLedger(
                page=page,
                ledger=quote_identifiers(
                    page.text,
                    profile=self.profile,
                    share=self.ledger_share,
                    links=_list_links(found[place].node for place in page.documents),
                ),
            )
            for page in pack(documents, style=self.style, profile=self.profile)
        ]
        text_tokens = [self.profile.text_tokens(document.text) for document in documents]
        if sum(text_tokens) < self.min_ratio * self._cost(packed):
            shown = self._keep_as_text(found, text_tokens)
        else:
            shown = self._make_page_nodes(found, packed)
        return [*shown, *(scored for scored in nodes if not _is_text(scored.node))]

    def _cost(self, packed: Sequence[_PageWithLedger]) -> int:
        quoted = sum(self.profile.text_tokens(shown.ledger) for shown in packed)
        return quoted + self.profile.pages_tokens([shown.page.page.size for shown in packed])

    def _make_page_nodes(
        self, found: list[NodeWithScore], packed: Sequence[_PageWithLedger]
    ) -> list[NodeWithScore]:
        limits = [len(packed), self.max_pages, self.profile.max_images]
        room = min(limit for limit in limits if limit is not None)
        while room and self.max_tokens is not None and self._cost(packed[:room]) > self.max_tokens:
            room -= 1
        if room < len(packed):
            self._warn_missing(found, packed, room)
        return [self._make_scored_node(shown, found, images=room) for shown in packed[:room]]

    def _keep_as_text(self, found: list[NodeWithScore], text_tokens: list[int]) -> list[NodeWithScore]:
        sums = list(accumulate(text_tokens))
        room = len(found) if self.max_tokens is None else sum(total <= self.max_tokens for total in sums)
        if room < len(found):
            left = len(found) - room
            warn(
                f"{left} of {len(found)} retrieved nodes have no room as text: all take {sums[-1]} tokens; "
                f"raise max_tokens={self.max_tokens!r}, or retrieve fewer"
            )
        return [_drop_page_image(scored) for scored in found[:room]]

    def _make_scored_node(
        self, shown: _PageWithLedger, found: list[NodeWithScore], *, images: int
    ) -> NodeWithScore:
        packed = shown.page
        held = [found[place] for place in packed.documents]
        tokens = self.profile.image_tokens(packed.page.size, images=images)
        scores = [scored.score for scored in held if scored.score is not None]
        nodes = [scored.node for scored in held]
        page = PackedPageNode.of(packed, nodes, tokens=tokens, ledger=shown.ledger)
        return NodeWithScore(node=page, score=max(scores, default=None))

    def _warn_missing(self, found: list[NodeWithScore], packed: Sequence[_PageWithLedger], room: int) -> None:
        shown, missing = _list_places(packed[:room]), _list_places(packed[room:])
        cut = f", {len(missing & shown)} of them cut off" if missing & shown else ""
        limits = {"max_pages": self.max_pages, "max_tokens": self.max_tokens}
        hint = " and ".join(f"{name}={limit!r}" for name, limit in limits.items() if limit is not None)
        words = (
            f"{len(missing)} of {len(found)} retrieved nodes have no room on {room} of {len(packed)} pages{cut}: "
            f"all take {self._cost(packed)} tokens"
        )
        warn(
            f"{words}; "
            + (f"raise {hint}, or" if hint else "a request holds no more images;")
            + " retrieve fewer"
        )


def _is_text(node: BaseNode) -> bool:
    """Return whether a node's content is text alone."""
    if isinstance(node, ImageNode | IndexNode | PackedPageNode) or get_media(node):
        return False
    return bool(node.get_content(metadata_mode=MetadataMode.NONE))


def _get_text(node: BaseNode) -> str:
    return node.get_content(metadata_mode=MetadataMode.LLM)


def _title(node: BaseNode) -> str:
    """Return a readable name of a node's source, with the page number where the node is a page."""
    told = node.metadata
    path = PurePath(str(told.get("file_path") or "")).name
    name = str(told.get("title") or told.get("file_name") or told.get("source") or path)
    origin = str(told.get("glyph_origin") or "")
    if origin and not origin.startswith("line"):
        return f"{name}, {origin}" if name else origin
    if not is_page(node) or told.get("glyph_pages") == 1:
        return name
    page = f"page {told['glyph_page']} of {told.get('glyph_pages', '?')}"
    return f"{name}, {page}" if name else page


def _list_links(nodes: Iterable[BaseNode]) -> list[str]:
    """Return where the links of page nodes lead."""
    return [link for node in nodes for link in str(node.metadata.get("glyph_links") or "").splitlines()]


def _drop_page_image(scored: NodeWithScore) -> NodeWithScore:
    """Return a page's node without its image, which would repeat the text; other nodes as they are."""
    if not (isinstance(scored.node, Node) and is_page(scored.node)):
        return scored
    return NodeWithScore(node=scored.node.model_copy(update={"image_resource": None}), score=scored.score)


def _list_places(packed: Sequence[_PageWithLedger]) -> set[int]:
    """Return the places of the nodes that have text on the given pages."""
    pages = [shown.page for shown in packed]
    return {place for page in pages for place, text in zip(page.documents, page.texts, strict=True) if text}
