"""Turn documents into page nodes: text to search, an image to read.

Knows LlamaIndex's nodes; how pages are drawn is the core's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeGuard, Unpack

from llama_index.core.bridge.pydantic import Field
from llama_index.core.callbacks import CallbackManager
from llama_index.core.node_parser.interface import NodeParser
from llama_index.core.schema import (
    BaseNode,
    Document,
    ImageNode,
    IndexNode,
    MetadataMode,
    Node,
    NodeRelationship,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.utils import get_tqdm_iterable
from llama_index.memory.glyph.drawing import describe_page, draw_document
from llama_index.memory.glyph.option_values import DrawnStyle
from llama_index.memory.glyph.options import merge_options
from llama_index.memory.glyph.page_nodes import (
    MARKS_KEY,
    PAGE_KEYS,
    check_folder,
    choose_folder,
    drop_image,
    drop_marks,
    find_page_file,
    get_media,
    is_page,
    set_page_file,
    write_page,
)
from llama_index.memory.glyph.pictured import draw_again, warn_of_nodes
from llama_index.memory.glyph.profiles import Profile
from llama_index.memory.glyph.structure import STRUCTURE_KEYS, is_structured, load_structure
from pydantic import computed_field

from glyph_memory import (
    GlyphMemoryError,
    Page,
    PageOptionFields,
    PageOptions,
    explain_page,
    style_fingerprint,
    warn,
)

_DEFAULT_ID_FUNC = {"id_func_name": "default_id_func", "title": "id_func"}
"""How LlamaIndex tells its own function for ids in JSON, and does not read it back."""


class ParserFields(PageOptionFields, total=False):
    """What a `PageNodeParser` takes as keywords."""

    id_func: Callable[..., str]
    callback_manager: CallbackManager
    fingerprint: str
    """Told by `to_dict`, and worked out anew."""


_PARSER_NAMES = ParserFields.__annotations__.keys() - PageOptionFields.__annotations__.keys()


class PageNodeParser(NodeParser):
    """Set documents as pages: one `ImageNode` a page, with its exact text and the path of its image.

    The texts of a document's page nodes, joined, are its text. An `ImageNode` is a `TextNode`, so that extractors and
    splitters take it, and engines for pictures show its image. Images are files, because docstores, vector stores and
    caches drop bytes; they forget subclasses as well.

    What `GlyphReader` read keeps its headings, tables and code; a PDF's own pages are drawn where they are better to
    read. Where line breaks are drawn as red signs, the LLM is shown what they mean as `glyph_marks` in the metadata. A
    document's own pictures go on as a node of their own behind its pages. Page files may be deleted: `redraw`
    draws them again, and `PagePostprocessor` needs none of pages of text; without either, LlamaIndex fails on them.

    Args:
        options: For which model, and how pages look; or its fields as keywords. See `glyph_memory.PageOptions`. When
            messages become pages makes no difference here.
        way: Of a PDF: `reflow` typesets its text and tables, `native` draws its own pages, `auto` decides page by page.
        password: Of encrypted PDFs, whose own pages are to be drawn.
        pages_dir: Where page files go, if not to the options' folder; by default a folder in LlamaIndex's cache, which
            `LLAMA_INDEX_CACHE_DIR` moves. Processes and machines that share nodes have to share it, under the same
            path. Whether it can be written to is checked when the parser is made; out of JSON or a pickle, when it is
            used.
        include_metadata: Whether nodes get their document's metadata.
        include_prev_next_rel: Whether nodes know their neighbours.
        **fields: The fields of `PageOptions`, and LlamaIndex's `id_func` and `callback_manager`.

    Raises:
        StoreError: Page files cannot be written to the folder, or it is a link or another user's.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     nodes = PageNodeParser(pages_dir=folder)([Document(text="Hello, page.")])
        >>> nodes[0].get_content(), nodes[0].metadata["glyph_size"], nodes[0].metadata["glyph_tokens"]
        ('Hello, page.', '84x28', 12)
    """

    profile: Profile = Field(description="The model that will read.")
    style: DrawnStyle = Field(description="How pages look.")
    way: Literal["auto", "reflow", "native"] = Field(
        default="auto", description="How pages of a PDF are made."
    )
    password: str | None = Field(
        default=None, exclude=True, repr=False, description="Of encrypted PDFs; not told by `to_dict`."
    )
    pages_dir: str = Field(description="Where page files go.")

    def __init__(
        self,
        *,
        options: PageOptions | None = None,
        way: Literal["auto", "reflow", "native"] = "auto",
        password: str | None = None,
        pages_dir: str | Path | None = None,
        include_metadata: bool = True,
        include_prev_next_rel: bool = True,
        **fields: Unpack[ParserFields],
    ) -> None:
        others: dict[str, Any] = {name: value for name, value in fields.items() if name in _PARSER_NAMES}
        options = merge_options(
            options, {name: value for name, value in fields.items() if name not in _PARSER_NAMES}
        )
        is_read_back = others.pop("fingerprint", None) is not None
        if others.get("id_func") == _DEFAULT_ID_FUNC:  # out of `to_dict`
            del others["id_func"]
        folder = choose_folder(pages_dir or options.pages)

        if not is_read_back:  # a process that only reads has to load what another wrote
            check_folder(folder)
        given: dict[str, Any] = {
            "profile": options.profile,
            "style": options.page_style,
            "way": way,
            "password": password,
            "pages_dir": str(folder),
            "include_metadata": include_metadata,
            "include_prev_next_rel": include_prev_next_rel,
        }
        super().__init__(**given, **others)

    @computed_field(description="Digest of style, fonts and typesetter: pages of equal ones are equal.")  # type: ignore[prop-decorator]  # mypy cannot stack decorators on a property
    @property
    def fingerprint(self) -> str:
        """What pages depend on besides their text; in `to_dict`, and so in the key of an ingestion cache."""
        return style_fingerprint(self.style)

    @classmethod
    def class_name(cls) -> str:
        """Return the class's name in serialized form."""
        return "PageNodeParser"

    def redraw(self, nodes: Sequence[BaseNode]) -> list[BaseNode]:
        """Return the same nodes; page files that are missing are drawn again.

        A page that is drawn alone may be cropped otherwise than among its neighbours; its node then names another file.
        One that cannot be drawn goes on as text, with a warning: where its PDF is gone or has changed since.
        """
        drawn, failed = list[BaseNode](), list[tuple[BaseNode, GlyphMemoryError]]()
        for node in nodes:
            try:
                drawn.append(self._redraw_node(node) if _lacks_page_file(node) else node)
            except GlyphMemoryError as error:
                failed.append((node, error))
                drawn.append(drop_image(node) if is_page(node) else node)
        warn_of_nodes(failed)
        return drawn

    async def aget_nodes_from_documents(
        self,
        documents: Sequence[Document],
        show_progress: bool = False,
        **kwargs: Any,  # noqa: ANN401 - as the base class has it
    ) -> list[BaseNode]:
        """Return the page nodes of documents; pages are drawn in a thread."""
        return await asyncio.to_thread(self.get_nodes_from_documents, documents, show_progress, **kwargs)

    def _parse_nodes(
        self,
        nodes: Sequence[BaseNode],
        show_progress: bool = False,
        **kwargs: Any,  # noqa: ANN401 - as the base class has it
    ) -> list[BaseNode]:
        return [
            page
            for node in get_tqdm_iterable(nodes, show_progress, "Setting pages")
            for page in self._make_nodes(node)
        ]

    def _postprocess_parsed_nodes(
        self, nodes: list[BaseNode], parent_doc_map: dict[str, Document]
    ) -> list[BaseNode]:
        # Without parents: the base class would look each page up in its document from the beginning, in quadratic
        # time, for offsets that only a TextNode takes. Metadata is merged already.
        parsed = super()._postprocess_parsed_nodes(nodes, {})
        for node in parsed:
            if is_page(node):  # the base class gives it all of its document's metadata
                node.metadata = {
                    name: value for name, value in node.metadata.items() if name not in STRUCTURE_KEYS
                }
        return parsed

    def _make_nodes(self, node: BaseNode) -> Iterator[BaseNode]:
        """Yield a node's pages, then its media; others' image nodes and index nodes are yielded unchanged."""
        if isinstance(node, ImageNode | IndexNode) and not is_page(node):
            yield node
            return
        source = node.source_node or node.as_related_node_info()
        text = node.get_content(metadata_mode=MetadataMode.NONE)
        media = get_media(node)
        if text or is_structured(node):  # a scanned PDF has pages without any text
            yield from self._make_page_nodes(node, source)
        elif not media:
            warn(f"node {node.node_id!r} holds no text; it has no pages")
        if media:
            yield Node.model_validate({**self._list_fields(node, 0, source, {}), **media})

    def _make_page_nodes(self, parent: BaseNode, source: RelatedNodeInfo) -> list[BaseNode]:
        drawn = draw_document(
            load_structure(parent),
            style=self.style,
            profile=self.profile,
            way=self.way,
            password=self.password,
        )
        pages = [
            (one.page.text, *self._write_page_file(one.page), describe_page(one, self.profile))
            for one in drawn
        ]
        return [
            ImageNode.model_validate(
                {
                    **self._list_fields(parent, place, source, {**told, **more, "glyph_pages": len(pages)}),
                    "text": words,
                    "image_path": str(path),
                    "image_mimetype": "image/png",
                    "start_char_idx": told["glyph_start"],
                    "end_char_idx": int(told["glyph_start"]) + len(words),
                }
            )
            for place, (words, path, told, more) in enumerate(pages)
        ]

    def _write_page_file(self, page: Page) -> tuple[Path, dict[str, str | int]]:
        """Write a page's file; return its path, and the page's metadata."""
        return write_page(page, Path(self.pages_dir)), {
            "glyph_page": page.number,
            "glyph_start": page.start,
            "glyph_tokens": self.profile.image_tokens(page.size),
            "glyph_size": f"{page.size[0]}x{page.size[1]}",
            "glyph_digest": page.digest,
            "glyph_style": self.fingerprint[:16],
        }

    def _list_fields(
        self, parent: BaseNode, place: int, source: RelatedNodeInfo, told: dict[str, str | int]
    ) -> dict[str, Any]:
        """Return what a node gets from its parent, and from what is told of it."""
        hidden = [name for name in told if name in PAGE_KEYS]
        unsaid = [name for name in hidden if name != MARKS_KEY]
        return {
            "id_": self.id_func(place, parent),
            "metadata": {**(parent.metadata if self.include_metadata else {}), **told},
            "excluded_embed_metadata_keys": [*parent.excluded_embed_metadata_keys, *hidden],
            "excluded_llm_metadata_keys": [*parent.excluded_llm_metadata_keys, *unsaid],
            "relationships": {NodeRelationship.SOURCE: source},
            "metadata_template": parent.metadata_template,
            "metadata_separator": parent.metadata_separator,
            **({"text_template": parent.text_template} if isinstance(parent, Node | TextNode) else {}),
        }

    def _redraw_node(self, node: ImageNode | Node) -> ImageNode | Node:
        page = draw_again(node, style=self.style, profile=self.profile, password=self.password)
        path, told = self._write_page_file(page)
        place: dict[str, Any] = {
            key: node.metadata[key] for key in ("glyph_page", "glyph_start") if key in node.metadata
        }
        if marks := explain_page(page):
            told[MARKS_KEY] = marks
        return set_page_file(node, path, {**drop_marks(node).metadata, **told, **place})


def _lacks_page_file(node: BaseNode) -> TypeGuard[ImageNode | Node]:
    if not is_page(node):
        return False
    path = find_page_file(node)
    return path is None or not path.exists()
