"""Open PDFs with pdfium and hold its lock. Knows files and pages' numbers; knows nothing about what is on a page.

pdfium is not safe to use from several threads: whoever calls it holds `PDFIUM`, for moments only. A forked child finds
the lock free; a file that was opened before the fork is to be opened again there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from glyph_memory.documents.needs import load_library
from glyph_memory.errors import DocumentError
from glyph_memory.locks import ForkSafeLock

Pointer: TypeAlias = Any
"""What pdfium hands out: pages, objects, annotations. Its functions, made by ctypes, have no types."""
PDFIUM = ForkSafeLock(is_brief=True)
"""Held around every call of pdfium."""

_WHY = {
    1: "pdfium cannot say why",
    2: "it cannot be opened",
    3: "it is damaged, cut off or no PDF",
    5: "its encryption is of a kind that pdfium does not know",
    6: "its pages are damaged",
}
"""Of pdfium's error numbers."""
_PASSWORD = 4
ASK_FOR_IT = "give its password, as in load(…, password='…')"
"""What to do with an encrypted file."""
_END_BYTES = 2048


def load_pdfium() -> tuple[ModuleType, ModuleType]:
    """Return pypdfium2 and its raw functions."""
    return load_library("pypdfium2", for_="PDFs"), load_library("pypdfium2.raw", for_="PDFs")


@dataclass(kw_only=True, eq=False)
class PdfFile:
    """An opened PDF."""

    shown: str
    """What messages call it."""
    document: Pointer = field(repr=False)
    """pypdfium2's document."""
    raw: ModuleType = field(repr=False)
    """pypdfium2's raw functions."""
    is_cut: bool = False
    """Whether its end is missing."""

    @property
    def page_count(self) -> int:
        """How many pages the file says that it has."""
        with PDFIUM:
            return len(self.document)

    @contextmanager
    def open_page(self, number: int) -> Iterator[Pointer]:
        """Open a page for pdfium's functions, with its lock held until it is closed.

        Args:
            number: Counted from 1.

        Raises:
            DocumentError: It is broken, or there is no such page.
        """
        with PDFIUM:
            page = None
            try:
                page = self.document[number - 1]
            except (RuntimeError, IndexError, ValueError) as error:  # PdfiumError is a RuntimeError
                if number > (count := len(self.document)):
                    pages = "1 page" if count == 1 else f"{count:,} pages"
                    raise DocumentError(
                        f"{self.shown} has {pages}, and no page {number}; is it another file by now? Load it again"
                    ) from error
                raise DocumentError(f"page {number} of {self.shown} is damaged; leave it out") from error
            try:
                yield page
            finally:
                page.close()


@contextmanager
def open_pdf(
    original: Path | bytes, *, password: str | None = None, shown: str = "", remedy: str = ASK_FOR_IT
) -> Iterator[PdfFile]:
    """Open a PDF, and close it in the end.

    Args:
        original: Its path or its bytes.
        password: Of an encrypted one.
        shown: What messages call it.
        remedy: What to do where the password lacks.

    Raises:
        DocumentError: It is broken or encrypted.
    """
    pdfium, raw = load_pdfium()
    named = shown or (repr(str(original)) if isinstance(original, Path) else "the PDF in memory")
    document = None
    with PDFIUM:
        try:
            document = pdfium.PdfDocument(original, password=password)
            document.init_forms()  # before any page: what is filled in is read and drawn through it
        except (RuntimeError, OSError, ValueError) as error:
            if document is not None:
                document.close()
            raise _make_error(error, named, remedy="" if password is not None else remedy) from error
    try:
        yield PdfFile(shown=named, document=document, raw=raw, is_cut=not _has_end(original))
    finally:
        with PDFIUM:
            document.close()


def _make_error(error: Exception, shown: str, *, remedy: str) -> DocumentError:
    code = getattr(error, "err_code", None)
    if code == _PASSWORD:
        return DocumentError(
            f"{shown} is encrypted; {remedy}"
            if remedy
            else f"the password given does not open {shown}; is it spelled right?"
        )
    if isinstance(error, OSError):
        return DocumentError(f"cannot read {shown}: {error.strerror or error}")
    why = _WHY.get(code if isinstance(code, int) else 1, _WHY[1])
    return DocumentError(f"{shown} is a PDF that cannot be read: {why}; get the file again")


def _has_end(original: Path | bytes) -> bool:
    """Return whether a file has the mark that every PDF ends with."""
    if isinstance(original, bytes):
        return b"%%EOF" in original[-_END_BYTES:]
    try:
        with original.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _END_BYTES))
            return b"%%EOF" in file.read()
    except OSError:
        return True
