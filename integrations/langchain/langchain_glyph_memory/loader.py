"""`GlyphLoader`: documents of any format as LangChain documents, one a page.

A document's `page_content` is the page's exact text, for embedding, searching and reading; its picture is drawn from
that text whenever it is wanted. Knows files and pages; knows nothing about messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self, Unpack, cast

from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document

from glyph_memory import Document as Text
from glyph_memory import DocumentError, PageOptionFields, PageOptions, warn
from glyph_memory.documents import Limits, LoadFields, LoadOptions, TreeFiles, find_files
from glyph_memory.documents import load as load_file
from langchain_glyph_memory.documents import open_store
from langchain_glyph_memory.page_documents import PageDocuments
from langchain_glyph_memory.pictures import ByteStore

_RANGE = re.compile(r"[\d\s,-]*\d[\d\s,-]*")
"""Which pages, as `3-9,12`."""
_SKIPPED = "{error}. It is skipped{begun}; the other files of {folder!r} are loaded"


class LoaderFields(PageOptionFields, total=False):
    """What a `GlyphLoader` takes as keywords: the fields of `PageOptions`, and those of `LoadOptions`.

    `pages` is the folder for pictures; which pages of a PDF are read, say with `load=LoadOptions(pages="3-9")`.
    """

    encoding: str | None
    structure: bool
    pictures: bool
    main_content: bool
    password: str | None
    part_characters: int
    allow_hosts: tuple[str, ...]
    limits: Limits


_LOAD_NAMES = LoaderFields.__annotations__.keys() - PageOptionFields.__annotations__.keys()


class GlyphLoader(BaseLoader):
    """Loads documents of any format, one LangChain document a page: index them by text, show them as pictures.

    `page_content` is the exact text of the page; all pages' together are the file's. `metadata` is flat:

    - `source`, `page` (counted from 0, as LangChain's PDF loaders do), `total_pages` (of files of up to 500 pages),
      `start_index` (where in the file's text the page begins, in characters);
    - `origin`, where in the file it comes from, in words (`page 3`, `sheet 'Costs', cells A1 to C9`), and of PDFs and
      slides `page_label`, the number there; `links`, where the page's links lead, one a line; `title` and `encoding`,
      where they are known; of PDFs `way`, whether it is typeset or the PDF's own page; on a file's first page
      `defects`, what was lost or guessed, which is a warning, too;
    - `glyph`: a short JSON string with the picture's digest, size and tokens, and how it is drawn.

    It holds no picture: `to_content_blocks` draws those that are shown, in milliseconds. With a `store`, pictures are
    kept there as well, under their digest; with a folder, `glyph` also tells each one's path. Pictures inside documents
    are on pages that come from a store, and are else told by their captions.

    Args:
        source: A file or an address; a folder, of which hidden files are left out, and, with a warning, links, pipes
            and empty files; or several of them.
        options: For which model, and how pages look; or its fields as keywords. See `glyph_memory.PageOptions`. When
            messages become pages makes no difference here.
        load: How files are read; or its fields as keywords. See `glyph_memory.documents.LoadOptions`.
        way: Of a PDF: `reflow` typesets its text and tables, `native` draws its own pages, `auto` decides page by page.
        store: Where pictures are kept: a byte store, or a folder; in the options' folder, else nowhere, unless given.
        glob: Which files of a folder; counted from it, as `docs/*.md` or `**/*.md`.
        exclude: Which of its files and folders are left out, as .gitignore has them: `*.log`, `drafts/`.
        **fields: The fields of `PageOptions` and `LoadOptions`.

    Raises:
        DocumentError: A path is empty, or `pages` names pages of a PDF instead of a folder.
        ProfileError: No such model is known.
        TypeError: A keyword is none of them.

    Example:
        >>> (document,) = GlyphLoader.from_text("It opens at nine.", source="museum.txt").load()
        >>> document.page_content, document.metadata["source"], document.metadata["page"]
        ('It opens at nine.', 'museum.txt', 0)
    """

    def __init__(
        self,
        source: str | Path | Iterable[str | Path],
        *,
        options: PageOptions | None = None,
        load: LoadOptions | None = None,
        way: Literal["auto", "reflow", "native"] = "auto",
        store: ByteStore | str | Path | None = None,
        glob: str = "**/*",
        exclude: str | Iterable[str] = (),
        **fields: Unpack[LoaderFields],
    ) -> None:
        _check_fields(fields)
        self._sources = [source] if isinstance(source, str | Path) else [*source]
        if "" in self._sources:
            raise DocumentError("an empty path was given; give a file, a folder or an address")
        own = {name: value for name, value in fields.items() if name in _LOAD_NAMES}
        others = {name: value for name, value in fields.items() if name not in _LOAD_NAMES}
        self._load = replace(load or LoadOptions(), **cast("LoadFields", own))
        options = PageOptions.merge(options, cast("PageOptionFields", others))
        self._pages = PageDocuments(
            profile=options.profile,
            style=options.page_style,
            way=way,
            store=open_store(options.pages if store is None else store),
            password=self._load.password,
        )
        self._glob, self._exclude = glob, [exclude] if isinstance(exclude, str) else [*exclude]
        self._given: Callable[[], Iterable[Text]] | None = None

    @classmethod
    def from_text(
        cls,
        text: str,
        *,
        source: str = "",
        options: PageOptions | None = None,
        store: ByteStore | str | Path | None = None,
        **fields: Unpack[PageOptionFields],
    ) -> Self:
        """Return a loader for a text in memory.

        Args:
            text: The text.
            source: What to call it.
            options: As for files.
            store: As for files.
            **fields: As for files.
        """
        loader = cls((), options=options, store=store, **fields)
        loader._given = lambda: [Text(text=text, source=source)]
        return loader

    @classmethod
    def from_bytes(
        cls,
        data: bytes,
        *,
        name: str = "",
        options: PageOptions | None = None,
        load: LoadOptions | None = None,
        way: Literal["auto", "reflow", "native"] = "auto",
        store: ByteStore | str | Path | None = None,
        **fields: Unpack[LoaderFields],
    ) -> Self:
        """Return a loader for a file in memory; own pages of a PDF need a store, or they are told as text.

        Args:
            data: The file.
            name: What to call it; its end tells the format where the content does not.
            options: As for files.
            load: As for files.
            way: As for files.
            store: As for files.
            **fields: As for files.
        """
        loader = cls((), options=options, load=load, way=way, store=store, **fields)
        loader._given = lambda: load_file(data, name=name, options=loader._load)
        return loader

    @classmethod
    def from_documents(
        cls,
        documents: Text | Iterable[Text],
        *,
        options: PageOptions | None = None,
        way: Literal["auto", "reflow", "native"] = "auto",
        store: ByteStore | str | Path | None = None,
        **fields: Unpack[PageOptionFields],
    ) -> Self:
        """Return a loader for what was loaded with `glyph_memory.documents.load`, or built with `Builder`.

        Args:
            documents: One, or the parts of one in order; what `load` returns can be loaded once, a list as often as
                you like.
            options: As for files.
            way: As for files.
            store: As for files.
            **fields: As for files.
        """
        loader = cls((), options=options, way=way, store=store, **fields)
        if isinstance(documents, Text):
            documents = [documents]
        loader._given = (lambda: documents) if iter(documents) is not documents else _make_once(documents)
        return loader

    def lazy_load(self) -> Iterator[Document]:
        """Yield documents page by page; memory grows neither with the files nor with their number.

        Raises:
            DocumentError: A file is missing, broken, or nothing that can be read. In a folder such a file is skipped,
                with a warning; it is an error where no file can be loaded.
            FontError: The style's font is missing.
            StoreError: The folder for pictures cannot be written.
        """
        if self._given is not None:
            yield from self._pages.make_documents(self._given())
        for source in self._sources:
            if Path(source).is_dir():
                yield from self._read_folder(Path(source))
            else:
                yield from self._pages.make_documents(load_file(source, options=self._load))

    def _read_folder(self, folder: Path) -> Iterator[Document]:
        found: TreeFiles = find_files(folder, include=f"/{self._glob.lstrip('/')}", exclude=self._exclude)
        found.warn_of_unread(folder)
        paths = found.paths
        if not paths:
            raise DocumentError(
                f"no file of {str(folder)!r} matches {self._glob!r} and holds anything; see glob="
            )
        failed: DocumentError | None = None
        loaded = 0
        for path in paths:
            pages = 0
            try:
                for document in self._pages.make_documents(load_file(path, options=self._load)):
                    pages += 1
                    yield document
            except DocumentError as error:
                failed = failed or error
                if len(paths) > 1:
                    begun = f" from page {pages + 1} on" if pages else ""
                    warn(_SKIPPED.format(error=error, begun=begun, folder=str(folder)))
            loaded += pages > 0
        if not loaded:
            raise DocumentError(
                f"no file in {str(folder)!r} could be loaded, of {len(paths)}; the first: {failed}"
            ) from failed


def _check_fields(fields: Mapping[str, object]) -> None:
    """Raise an error for a keyword that is not known, and for `pages` that are no folder."""
    known = LoaderFields.__annotations__
    if unknown := [name for name in fields if name not in known]:
        own = ", ".join(sorted(_LOAD_NAMES))
        options = ", ".join(PageOptionFields.__annotations__)
        raise TypeError(
            f"unexpected keyword {unknown[0]!r}; page options are {options}; options of loading are {own}"
        )
    pages = fields.get("pages")
    if isinstance(pages, str) and _RANGE.fullmatch(pages) and not Path(pages).is_dir():
        raise DocumentError(
            f"pages={pages!r} is a folder for pictures here; choose pages of a file with "
            f"load=LoadOptions(pages={pages!r})"
        )


def _make_once(documents: Iterable[Text]) -> Callable[[], Iterable[Text]]:
    """Return a function that returns an iterator the first time, and raises an error from then on."""
    left = [documents]

    def take() -> Iterable[Text]:
        if not left:
            raise DocumentError(
                "these documents came from an iterator that was loaded already; give from_documents a list"
            )
        return left.pop()

    return take
