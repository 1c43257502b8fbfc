"""Find the files of pictures that a document names. Knows folders and limits; knows nothing about formats of text.

A picture comes from a `data:` address, from the folder of the document and below, or from its archive. Nothing is ever
fetched from a network. What is not at hand is told once, and its caption stands for it.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

from glyph_memory.documents.builder import Builder
from glyph_memory.documents.options import LoadOptions

FindPicture = Callable[[str], bytes | None]
"""Returns the file of a picture by its address; None where it is not at hand."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_BYTES_AT_MOST = 100_000_000


def make_picture_finder(
    builder: Builder, options: LoadOptions, *, read: Callable[[str], bytes | None] | None = None
) -> FindPicture:
    """Return what finds pictures for one document, and tells its builder what it did not find.

    Args:
        builder: Gets the defects.
        options: Whether pictures are wanted, and how large they may be.
        read: Returns the bytes of a picture that lies beside the document, by its path; None where there is none.
    """

    def find(address: str) -> bytes | None:
        address = address.strip()
        if not options.pictures or not address:
            return None
        if address[:5].lower() == "data:":
            data = _decode_address(address)
        elif _SCHEME.match(address):
            builder.add_defect(
                "left out", "pictures on other servers are not fetched; their captions stand for them"
            )
            return None
        else:
            data = read(unquote(re.split("[?#]", address, maxsplit=1)[0])) if read is not None else None
        shown = repr(address if len(address) < 100 else f"{address[:60]}…")
        if data is None:
            builder.add_defect("left out", f"the picture {shown} is not at hand; its caption stands for it")
        return data

    return find


def read_beside(document: Path | None) -> Callable[[str], bytes | None]:
    """Return what reads files of a document's folder and the folders in it, and no others.

    Args:
        document: The document's path; None where it is no file of this machine.
    """

    def read(path: str) -> bytes | None:
        if document is None:
            return None
        try:
            folder = document.parent.resolve()
            file = (folder / path).resolve()
            if not file.is_relative_to(folder) or not file.is_file() or file.stat().st_size > _BYTES_AT_MOST:
                return None
            return file.read_bytes()
        except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle
            return None

    return read


def _decode_address(address: str) -> bytes | None:
    head, comma, body = address.partition(",")
    if not comma or not head[5:].lower().startswith("image/") or len(body) > 2 * _BYTES_AT_MOST:
        return None
    try:
        return b64decode(unquote(body)) if head.lower().endswith(";base64") else unquote_to_bytes(body)
    except ValueError:
        return None
