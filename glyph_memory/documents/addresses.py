"""Open an address: `https://…`, `s3://…`, `gs://…`, `file://…`, and what else fsspec has a library for.

Passwords, keys and signatures in an address go to its server, never into a message or a document. Knows addresses;
knows nothing about formats.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from glyph_memory.addresses import PACKAGES, show_address
from glyph_memory.documents.needs import load_library
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source, open_source
from glyph_memory.documents.stores import explain_refusal, open_store
from glyph_memory.documents.web import make_overflow, open_web
from glyph_memory.errors import DocumentError

_BLOCK = 1 << 16


class _FileSystem(Protocol):
    """What is used of fsspec."""

    def open(self, path: str, mode: str) -> BinaryIO:
        """Open a file."""
        ...


def open_address(address: str, encoding: str, options: LoadOptions) -> Source:
    """Open an address, and read its first block.

    Args:
        address: `scheme://…`.
        encoding: As for a file.
        options: Which hosts may be asked, how long, and how much may come.

    Raises:
        DocumentError: It cannot be read or may not be; while reading on, too.
    """
    scheme = address.partition("://")[0].lower()
    shown = show_address(address)
    if scheme in {"file", "local"}:
        return open_source(_find_path(address, shown), encoding)
    if scheme in {"http", "https"}:
        return open_web(address, encoding, options, show=show_address)
    if scheme not in PACKAGES:
        raise DocumentError(
            f"nothing here reads the address {shown!r}; there are file, http, https, {', '.join(PACKAGES)}. "
            "Or open it with your own library, and give the open file"
        )
    blocks = _read_blocks(address, shown, scheme, options)
    return Source(path=shown, head=next(blocks, b""), rest=blocks, encoding=encoding)


def _find_path(address: str, shown: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise DocumentError(f"{shown!r} is no address: {error}") from error
    if parts.netloc not in {"", "localhost"}:
        raise DocumentError(f"{shown!r} names a file of another machine; write file:///, then its path")
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return url2pathname(path) if path else unquote(parts.netloc)


def _read_blocks(address: str, shown: str, scheme: str, options: LoadOptions) -> Iterator[bytes]:
    package = PACKAGES[scheme]
    load_library("fsspec", for_=f"{scheme} addresses")
    if package != "fsspec":
        load_library(package, for_=f"{scheme} addresses", package=package)
    held, most = 0, options.limits.file_bytes
    try:
        system: _FileSystem
        system, path = open_store(address)
        with system.open(path, "rb") as stream:
            while block := stream.read(_BLOCK):
                held += len(block)
                if held > most:
                    raise make_overflow(shown, most)
                yield block
    except DocumentError:
        raise
    except FileNotFoundError as error:
        raise DocumentError(f"there is no document at {shown!r}; is the address spelled right?") from error
    except Exception as error:  # each of these libraries has errors of its own
        raise DocumentError(f"cannot read {shown!r}: {explain_refusal(error)}") from None
