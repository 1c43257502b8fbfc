"""Pack what a retriever found onto as few pages as possible, so that synthesis asks once.

LlamaIndex counts every image as 2,125 tokens and sends a page's text beside its image: six pages are six calls to a
model with a small window. Here they become a page or two that know what they cost, and say what they say once. Knows
nodes and budgets; how excerpts share a page is the core's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Unpack

from llama_index.core.bridge.pydantic import Field, PrivateAttr
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
from llama_index.memory.glyph.option_values import Style
from llama_index.memory.glyph.options import merge_options
from llama_index.memory.glyph.packed import PackedPageNode, TextReading, list_links, name_source
from llama_index.memory.glyph.page_nodes import MARKS_KEY, drop_image, drop_marks, get_media, is_page
from llama_index.memory.glyph.pictured import is_pictured, load_page_image, warn_of_nodes
from llama_index.memory.glyph.profiles import Profile

from glyph_memory import (
    Document,
    GlyphMemoryError,
    ImagePart,
    PackedPage,
    PageOptionFields,
    PageOptions,
    explain_page,
    pack,
    quote_identifiers,
    warn,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shown:
    """A page or a text as it will be shown."""

    places: tuple[int, ...]
    """Which of the nodes stand on it."""
    make: Callable[[int, str], NodeWithScore]
    """Makes its node, for a request with so many images, and with what is said before it."""
    tokens: int = 0
    """What its text costs: all of it, or the identifiers beside a page."""
    size: tuple[int, int] | None = None
    """Of its image."""
    explanation: str = ""
    """What a model is told of the signs on it."""


class PagePostprocessor(BaseNodePostprocessor):
    """Draw retrieved text on as few pages as possible, each excerpt under a heading that names where it is from.

    Page nodes and text nodes are drawn alike, from their text as LlamaIndex would show it to the model, metadata
    included, so that headings and tables are plain text there. Pages with pictures, such as a PDF's own, stay whole,
    where they were found; of these alone page files are needed, or the PDF. Nodes with pictures of their own follow the
    pages, as they are. Use it with `multimodal=True` on a query engine or synthesizer; without, the model
    gets the same excerpts as text.

    Args:
        options: For which model, and how pages look; or its fields as keywords. See `glyph_memory.PageOptions`. The
            style is the released Glyph model's, dense, unless given.
        max_pages: How many pages there may be. The first nodes are drawn, and a warning says what had no room.
        max_tokens: What pages may cost together, with what is told of their signs; as above.
        ledger_share: How much of a page's text tokens its identifiers may take, said again as text beside it: models
            misread them. 0 for none.
        min_ratio: Where text costs less than this many times its pages, it stays text: 1 draws what pays, 0 all.
        callback_manager: LlamaIndex's.
        **fields: The fields of `PageOptions`.

    Example:
        >>> from llama_index.core.schema import TextNode
        >>> found = [NodeWithScore(node=TextNode(text="It opens at nine."), score=0.9)]
        >>> (page,) = PagePostprocessor(min_ratio=0).postprocess_nodes(found)
        >>> page.node.get_content_blocks()[-1].estimate_tokens()
        14
    """

    profile: Profile = Field(description="The model that will read.")
    style: Style = Field(default=None, description="How pages look.")
    max_pages: int | None = Field(default=None, ge=1, description="How many pages there may be.")
    max_tokens: int | None = Field(default=None, ge=1, description="What pages may cost together.")
    ledger_share: float = Field(default=1 / 16, ge=0, lt=1, description="Tokens for identifiers.")
    min_ratio: float = Field(default=1, ge=0, description="Text that is cheaper stays text.")

    _reading: TextReading = PrivateAttr(default_factory=TextReading)

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
            "style": None if options.style is None and options.calibration is None else options.page_style,
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
        whole = self._load_pictured(nodes)
        held = {place for shown in whole for place in shown.places}
        found = {
            place: scored for place, scored in enumerate(nodes) if place not in held and _is_text(scored.node)
        }
        others = [scored for place, scored in enumerate(nodes) if place not in held and place not in found]
        texts, pages = self._list_texts(found), self._list_pages(found)
        is_text = self._cost(texts) < self.min_ratio * self._cost(pages)
        shown = sorted([*(texts if is_text else pages), *whole], key=lambda one: one.places[0])
        room = self._find_room(shown)
        if room < len(shown):
            self._warn_missing(shown, room, len(found) + len(whole), is_text=is_text)
        images = sum(one.size is not None for one in shown[:room])
        first = next((one for one in shown[:room] if one.explanation), None)
        told = [f"{one.explanation}\n" if one is first else "" for one in shown[:room]]
        return [*(one.make(images, said) for one, said in zip(shown, told, strict=False)), *others]

    def _cost(self, shown: Sequence[_Shown]) -> int:
        sizes = [one.size for one in shown if one.size is not None]
        told = next((one.explanation for one in shown if one.explanation), "")
        texts = sum(one.tokens for one in shown) + self.profile.text_tokens(told)
        return texts + self.profile.pages_tokens(sizes)

    def _find_room(self, shown: Sequence[_Shown]) -> int:
        """Return how many of the first are within the limits."""
        limits = [limit for limit in (self.max_pages, self.profile.max_images) if limit is not None]
        room = len(shown)
        while room and (
            any(sum(one.size is not None for one in shown[:room]) > limit for limit in limits)
            or (self.max_tokens is not None and self._cost(shown[:room]) > self.max_tokens)
        ):
            room -= 1
        return room

    def _list_texts(self, found: Mapping[int, NodeWithScore]) -> list[_Shown]:
        return [
            _Shown(
                places=(place,),
                make=partial(_drop_page_image, scored),
                tokens=self.profile.text_tokens(_get_text(scored.node)),
            )
            for place, scored in found.items()
        ]

    def _list_pages(self, found: Mapping[int, NodeWithScore]) -> list[_Shown]:
        places, held = [*found], [*found.values()]
        documents = [Document(text=_get_text(one.node), title=name_source(one.node)) for one in held]
        if not documents:
            return []
        return [
            self._show_page(page, places, held)
            for page in pack(documents, style=self.style, profile=self.profile)
        ]

    def _show_page(self, page: PackedPage, places: Sequence[int], found: Sequence[NodeWithScore]) -> _Shown:
        held = [found[place] for place in page.documents]
        ledger = self._quote(page.text, [scored.node for scored in held])
        scores = [scored.score for scored in held if scored.score is not None]

        def make(images: int, told: str) -> NodeWithScore:
            tokens = self.profile.image_tokens(page.page.size, images=images)
            node = PackedPageNode.of(
                page,
                [scored.node for scored in held],
                tokens=tokens,
                caption=told,
                ledger=ledger,
                reading=self._reading,
            )
            return NodeWithScore(node=node, score=max(scores, default=None))

        shown = [place for place, text in zip(page.documents, page.texts, strict=True) if text]
        return _Shown(
            places=tuple(places[place] for place in shown or page.documents),
            make=make,
            tokens=self.profile.text_tokens(ledger),
            size=page.page.size,
            explanation=explain_page(page.page),
        )

    def _load_pictured(self, nodes: Sequence[NodeWithScore]) -> list[_Shown]:
        """Return pages that stay whole; those whose image is gone are warned of, and packed as text."""
        whole, failed = list[_Shown](), list[tuple[BaseNode, GlyphMemoryError]]()
        style = PageOptions(profile=self.profile, style=self.style).page_style
        for place, scored in enumerate(nodes):
            node = scored.node
            if not is_pictured(node):
                continue
            try:
                image = load_page_image(node, style=style, profile=self.profile)
            except GlyphMemoryError as error:
                failed.append((node, error))
            else:
                whole.append(self._show_whole(place, scored, node, image))
        warn_of_nodes(failed)
        return whole

    def _show_whole(
        self, place: int, scored: NodeWithScore, node: ImageNode | Node, image: ImagePart
    ) -> _Shown:
        caption = f"{name_source(node)}:\n" if name_source(node) else ""
        ledger = self._quote(node.get_content(), [node])

        def make(images: int, told: str) -> NodeWithScore:
            tokens = self.profile.image_tokens(image.size, images=images)
            made = PackedPageNode.of_page(
                node, image, tokens=tokens, caption=told + caption, ledger=ledger, reading=self._reading
            )
            return NodeWithScore(node=made, score=scored.score)

        tokens = self.profile.text_tokens(caption + ledger)
        return _Shown(
            places=(place,),
            make=make,
            tokens=tokens,
            size=image.size,
            explanation=str(node.metadata.get(MARKS_KEY) or ""),
        )

    def _quote(self, text: str, nodes: Sequence[BaseNode]) -> str:
        return quote_identifiers(text, profile=self.profile, share=self.ledger_share, links=list_links(nodes))

    def _warn_missing(self, shown: Sequence[_Shown], room: int, total: int, *, is_text: bool) -> None:
        seen, missing = _list_places(shown[:room]), _list_places(shown[room:])
        cut = f", {len(missing & seen)} of them cut off" if missing & seen else ""
        limits = {"max_pages": self.max_pages, "max_tokens": self.max_tokens}
        hint = " and ".join(f"{name}={limit!r}" for name, limit in limits.items() if limit is not None)
        where = "as text" if is_text else f"on {room} of {len(shown)} page{'s' * (len(shown) != 1)}{cut}"
        warn(
            f"{len(missing)} of {total} retrieved nodes have no room {where}: all take {self._cost(shown)} tokens; "
            + (f"raise {hint}, or" if hint else "a request holds no more images;")
            + " retrieve fewer"
        )


def _is_text(node: BaseNode) -> bool:
    """Return whether a node's content is text alone."""
    if isinstance(node, PackedPageNode | IndexNode) or get_media(node):
        return False
    if isinstance(node, ImageNode) and not is_page(node):
        return False
    return bool(node.get_content(metadata_mode=MetadataMode.NONE))


def _get_text(node: BaseNode) -> str:
    return drop_marks(node).get_content(metadata_mode=MetadataMode.LLM)


def _drop_page_image(scored: NodeWithScore, _images: int, _told: str) -> NodeWithScore:
    """Return a page's node without its image, which would repeat the text; of its chunks, what is told of red signs."""
    node = drop_image(scored.node) if is_page(scored.node) else drop_marks(scored.node)
    return scored if node is scored.node else NodeWithScore(node=node, score=scored.score)


def _list_places(shown: Sequence[_Shown]) -> set[int]:
    """Return the places of the nodes that have text on the given pages."""
    return {place for one in shown for place in one.places}
