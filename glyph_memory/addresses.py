"""Addresses such as `s3://bucket/pages`: what is one, and how it is shown without what lets somebody in.

Knows addresses; opens nothing.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

PACKAGES = {
    "memory": "fsspec",
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "hf": "huggingface_hub",
}
"""Stores, and the library of each. They have no folders: nothing has to be made before a file."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SECRET = re.compile(
    r"(?i)((?:^|[&;])[^=&;]*(?:token|key|secret|sig|signature|password|passwd|pwd|auth|credential|session)[^=&;]*=)[^&;]*"
)
"""Fields of a query that let somebody in, as those of a signed address do."""


def is_address(text: str) -> bool:
    """Return whether a text is an address and no path: `scheme://…`."""
    return _ADDRESS.match(text) is not None


def is_in_store(address: str) -> bool:
    """Return whether an address is that of an object store: its letters name a key, and `?` and `#` are of them."""
    return is_address(address) and address.partition("://")[0].lower() in PACKAGES


def show_address(address: str) -> str:
    """Return an address without its user, password and signature.

    Example:
        >>> show_address("https://me:secret@example.com/a.pdf?page=2&token=abc")
        'https://example.com/a.pdf?page=2&token=***'
    """
    if is_in_store(address):
        return _show_key(address)
    try:
        parts = urlsplit(address)
    except ValueError:
        return address.partition("://")[0] + "://…"
    host = parts.netloc.rpartition("@")[2]
    query = _SECRET.sub(r"\1***", parts.query)
    return f"{parts.scheme}://{host}{parts.path}" + f"?{query}" * bool(query)


def _show_key(address: str) -> str:
    scheme, _, rest = address.partition("://")
    place, slash, key = rest.partition("/")
    user, at, host = place.rpartition("@")
    if at and not (scheme.lower().startswith("abfs") and ":" not in user):  # there it is the container
        place = host
    name, mark, query = key.partition("?")
    shown = _SECRET.sub(r"\1***", query)
    return f"{scheme}://{place}{slash}{name}{mark}{shown}"
