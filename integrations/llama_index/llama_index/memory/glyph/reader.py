"""Read files of any format as LlamaIndex documents.

One document a file, with the file's path as its id, so that an ingestion pipeline knows a changed file from a new one;
of a workbook one a sheet, of a long file one a part. Knows files; knows nothing about pages, which `PageNodeParser`
makes.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from llama_index.core.bridge.pydantic import Field
from llama_index.core.readers.base import BasePydanticReader
from llama_index.core.schema import Document
from llama_index.memory.glyph.structure import dump_structure

from glyph_memory import Document as Text
from glyph_memory import DocumentError, warn
from glyph_memory.documents import Limits, LoadOptions, find_files, load

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_SURROGATE = re.compile("[\ud800-\udfff]")


class GlyphReader(BasePydanticReader):
    """Read files, addresses and folders: PDF, Word, slides, sheets, web pages, books, notebooks, mails, code, text.

    A document's text is that of the file, in reading order, with nothing left out unsaid: what was lost or guessed is
    a warning. Any node parser takes it; `PageNodeParser` also draws headings, tables, code and a PDF's own pages, which
    it finds beside the text. Fields are those of `glyph_memory.documents.LoadOptions`.

    Example:
        >>> documents = GlyphReader().load_data("books")  # doctest: +SKIP
        >>> nodes = PageNodeParser().get_nodes_from_documents(documents)  # doctest: +SKIP
    """

    encoding: str | None = Field(
        default=None, description="How bytes spell characters; found out unless given."
    )
    glob: str = Field(default="**/*", description="Which files of a folder are read, counted from it.")
    exclude: list[str] = Field(
        default_factory=list,
        description="Which of its files and folders are left out, as .gitignore has them.",
    )
    structure: bool = Field(
        default=True, description="Whether Markdown, HTML and the like become headings and tables."
    )
    pictures: bool = Field(default=True, description="Whether pictures inside documents are kept.")
    main_content: bool = Field(default=False, description="Of a web page: its main text alone.")
    password: str | None = Field(
        default=None, exclude=True, repr=False, description="Of an encrypted PDF; not told by `to_dict`."
    )
    pages: str = Field(default="", description="Which pages or slides, as `3-9,12`.")
    part_characters: int = Field(default=1_000_000, description="About how long a document may be.")
    allow_hosts: list[str] = Field(
        default_factory=list, description="Hosts that may be asked though they are on a private network."
    )
    limits: Limits = Field(default_factory=Limits, description="What one file may cost.")

    def model_post_init(self, context: Any, /) -> None:  # noqa: ANN401 - as pydantic has it
        """Raise an error for options that mean nothing."""
        self._options()

    def _options(self) -> LoadOptions:
        return LoadOptions(
            encoding=self.encoding,
            structure=self.structure,
            pictures=self.pictures,
            main_content=self.main_content,
            password=self.password,
            pages=self.pages,
            part_characters=self.part_characters,
            allow_hosts=tuple(self.allow_hosts),
            limits=self.limits,
        )

    @classmethod
    def class_name(cls) -> str:
        """Return the class's name in serialized form."""
        return "GlyphReader"

    def lazy_load_data(
        self,
        source: str | Path | Sequence[str | Path],
        *,
        extra_info: Mapping[str, object] | None = None,
        fs: AbstractFileSystem | None = None,
    ) -> Iterator[Document]:
        """Yield documents as they are read.

        Args:
            source: A file, an address, a folder, or several of them. Of a folder, hidden files are left out; one
                warning tells of links, pipes and empty files, and one each of files that cannot be read.
            extra_info: Metadata for every document, beside its `file_path` and `file_name`.
            fs: Where files lie that are not on this machine. A PDF goes along with its text, so that its own pages can
                be drawn in the same pipeline.

        Raises:
            DocumentError: A file cannot be read or is empty; or nothing in a folder can be read.
        """
        for path in [source] if isinstance(source, str | PurePath) else source:
            if path == "":
                raise DocumentError("an empty path was given; give a file, a folder or an address")
            if fs is not None:
                yield from self.convert(
                    _fetch(str(path), fs, self._options()), path=str(path), extra_info=extra_info
                )
            elif Path(path).is_dir():
                yield from self._read_folder(Path(path), extra_info)
            else:
                yield from self._read_file(path, extra_info)

    def load_data(
        self,
        source: str | Path | Sequence[str | Path],
        *,
        extra_info: Mapping[str, object] | None = None,
        fs: AbstractFileSystem | None = None,
    ) -> list[Document]:
        """Return all documents; arguments are those of `lazy_load_data`."""
        return list(self.lazy_load_data(source, extra_info=extra_info, fs=fs))

    async def alazy_load_data(
        self,
        source: str | Path | Sequence[str | Path],
        *,
        extra_info: Mapping[str, object] | None = None,
        fs: AbstractFileSystem | None = None,
    ) -> list[Document]:
        """Return all documents, read in a thread: LlamaIndex has no asynchronous iterator here."""
        return await asyncio.to_thread(self.load_data, source, extra_info=extra_info, fs=fs)

    def convert(
        self,
        documents: Iterable[Text],
        *,
        path: str = "",
        extra_info: Mapping[str, object] | None = None,
    ) -> Iterator[Document]:
        """Yield what `glyph_memory.documents.load` read, or `Builder` built, as LlamaIndex documents.

        Args:
            documents: The parts of one file, in order. The first has the path as its id, others the path and a number.
            path: Of the file; the documents' own source unless given.
            extra_info: Metadata for every document, beside its `file_path` and `file_name`.
        """
        for number, document in enumerate(documents, start=1):
            named = path or document.source
            for defect in document.defects:
                warn(f"{named or document.title or 'a document'}: {defect.message}")
            id_ = named if number == 1 or not named else f"{named}#{number}"
            yield self._document(_spell_halves(document, named), named, id_, extra_info)

    def _read_file(self, path: str | PurePath, extra_info: Mapping[str, object] | None) -> Iterator[Document]:
        named = str(path) if "://" in str(path) else str(Path(path).absolute())
        yield from self.convert(load(str(path), options=self._options()), path=named, extra_info=extra_info)

    def _read_folder(self, folder: Path, extra_info: Mapping[str, object] | None) -> Iterator[Document]:
        found = 0
        files = find_files(folder, include=f"/{self.glob.lstrip('/')}", exclude=self.exclude)
        files.warn_of_unread(folder)
        for path in files.paths:
            try:
                for document in self._read_file(path, extra_info):
                    found += 1
                    yield document
            except DocumentError as error:
                warn(f"left out: {error}")
        if not found:
            raise DocumentError(
                f"no file in {str(folder)!r} that can be read matches {self.glob!r}; give another folder or glob"
            )

    def _document(
        self, document: Text, path: str, id_: str, extra_info: Mapping[str, object] | None
    ) -> Document:
        resource, told = dump_structure(document)
        metadata: dict[str, Any] = {"file_path": path, "file_name": PurePath(path).name}
        if document.title and document.title != metadata["file_name"]:
            metadata["title"] = document.title
        return Document(
            **({"id_": id_} if id_ else {}),
            text_resource=resource,
            metadata={**metadata, **told, **(extra_info or {})},
            excluded_embed_metadata_keys=["file_name", *told],
            excluded_llm_metadata_keys=[*told],
        )


def _spell_halves(document: Text, path: str) -> Text:
    """Return a document without halves of surrogate pairs: an ingestion pipeline's cache fails on them."""
    shown = _SURROGATE.sub(lambda half: f"\\u{{{ord(half[0]):x}}}", document.text)
    if shown == document.text:
        return document
    warn(f"{path!r} holds halves of surrogate pairs; they are spelled out, as \\u{{d800}}")
    return Text(text=shown, title=document.title, source=document.source)


def _fetch(path: str, fs: AbstractFileSystem, options: LoadOptions) -> Iterator[Text]:
    """Yield the documents of a file of another file system, read from a copy, with the same errors as a local file."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / (PurePath(path).name or "file")
        try:
            fs.get_file(path, str(copy))
        except FileNotFoundError as error:
            raise DocumentError(
                f"there is no file {path!r} in {fs.protocol!r}; is its name spelled right?"
            ) from error
        try:
            for document in load(copy, options=options):
                original = None if document.original is None else copy.read_bytes()
                yield replace(document, source=path, original=original)
        except DocumentError as error:
            raise DocumentError(str(error).replace(repr(str(copy)), repr(path))) from error
