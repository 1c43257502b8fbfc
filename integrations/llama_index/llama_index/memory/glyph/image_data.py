"""The bytes of a picture in a LlamaIndex message. Knows image blocks; knows nothing about messages."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from llama_index.core.base.llms.types import ImageBlock

_DATA_URL = re.compile(r"\s*data:(?P<kind>[^,]*),", re.IGNORECASE)


def read_picture(block: ImageBlock) -> bytes | None:
    """Return the bytes of an image's file; None where it is behind a URL or its file cannot be read.

    What is broken, or empty, is a picture all the same, one that cannot be shown: whoever shows it says so.
    """
    url = str(block.url or "")
    if not block.image and block.path is None and not url:
        return b""
    if begun := _DATA_URL.match(url) if not block.image and block.path is None else None:
        return _decode_data(url[begun.end() :], is_base64=begun["kind"].strip().lower().endswith(";base64"))
    is_here = block.image is not None or block.path is not None
    try:
        return bytes(block.resolve_image().read()) if is_here else None
    except (ValueError, OSError, binascii.Error):
        return None


def _decode_data(spelled: str, *, is_base64: bool) -> bytes:
    """Return the data of an address that holds it; as it is spelled where it is no base64."""
    data = unquote_to_bytes(spelled)
    if not is_base64:
        return data
    try:
        plain = b"".join(data.split()).rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        return data
