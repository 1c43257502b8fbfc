"""Read text files as LlamaIndex documents, exactly as they are.

One document a file, with the file's path as its id, so that an ingestion pipeline knows a changed file from a new one.
Knows files; knows nothing about pages: `PageNodeParser` makes them.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from llama_index.core.bridge.pydantic import Field
from llama_index.core.readers.base import BasePydanticReader
from llama_index.core.schema import Document

from glyph_memory import DocumentError, read_document, warn

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem  # type: ignore[import-untyped]  # no stubs are published

_SURROGATE = re.compile("[\ud800-\udfff]")


class GlyphReader(BasePydanticReader):
    """Read text files and folders of them; nothing is dropped on the way.

    LlamaIndex's own reading of plain text leaves out bytes that are no UTF-8. This one says which byte it is, and which
    encoding to try. Documents carry text alone: a `Document` with an image becomes a `TextNode` in most vector stores,
    and the image is gone.

    Example:
        >>> documents = GlyphReader().load_data("books")  # doctest: +SKIP
        >>> nodes = PageNodeParser().get_nodes_from_documents(documents)  # doctest: +SKIP
    """

    encoding: str = Field(default="utf-8", description="How bytes spell characters; a byte order mark wins.")
    glob: str = Field(default="**/*", description="Which files of a folder are read.")

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
        """Yield one document for each file as it is read.

        Args:
            source: A file, a folder, or several of them. Of a folder, hidden files are left out, and files that are no
                text are left out with a warning each.
            extra_info: Metadata for every document, beside its `file_path` and `file_name`.
            fs: Where files lie that are not on this machine.

        Raises:
            DocumentError: A file cannot be read, is empty or no text; or nothing in a folder is text.
        """
        for path in [source] if isinstance(source, str | PurePath) else source:
            if fs is not None:
                yield self._document(str(path), _fetch_text(str(path), fs, self.encoding), extra_info)
            elif Path(path).is_dir():
                yield from self._read_folder(Path(path), extra_info)
            else:
                yield self._read_file(Path(path), extra_info)

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

    def _read_file(self, path: Path, extra_info: Mapping[str, object] | None) -> Document:
        text = read_document(path, encoding=self.encoding).text
        return self._document(str(path.absolute()), text, extra_info)

    def _read_folder(self, folder: Path, extra_info: Mapping[str, object] | None) -> Iterator[Document]:
        found = 0
        for path in sorted(folder.glob(self.glob)):
            if path.is_dir() or any(part.startswith(".") for part in path.relative_to(folder).parts):
                continue
            try:
                document = self._read_file(path, extra_info)
            except DocumentError as error:
                warn(f"left out: {error}")
                continue
            found += 1
            yield document
        if not found:
            raise DocumentError(
                f"no text file in {str(folder)!r} matches {self.glob!r}; give another folder or glob"
            )

    def _document(self, path: str, text: str, extra_info: Mapping[str, object] | None) -> Document:
        shown = _SURROGATE.sub(lambda half: f"\\u{{{ord(half[0]):x}}}", text)
        if shown != text:  # an ingestion pipeline's cache fails on them
            warn(f"{path!r} holds halves of surrogate pairs; they are spelled out, as \\u{{d800}}")
        names = {"file_path": path, "file_name": PurePath(path).name}
        metadata = {**names, **(extra_info or {})}
        return Document(id_=path, text=shown, metadata=metadata, excluded_embed_metadata_keys=["file_name"])


def _fetch_text(path: str, fs: AbstractFileSystem, encoding: str) -> str:
    """Return the text of a file of another file system, read from a copy, with the same errors as a local file."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / (PurePath(path).name or "file")
        try:
            fs.get_file(path, str(copy))
        except FileNotFoundError as error:
            raise DocumentError(
                f"there is no file {path!r} in {fs.protocol!r}; is its name spelled right?"
            ) from error
        try:
            return read_document(copy, encoding=encoding).text
        except DocumentError as error:
            raise DocumentError(str(error).replace(repr(str(copy)), repr(path))) from error
