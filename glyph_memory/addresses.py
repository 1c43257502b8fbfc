"""Addresses such as `s3://bucket/pages`: what is one, and how it is shown without what lets somebody in.

Knows addresses; opens nothing.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_SECRET = re.compile(
    r"(?i)((?:^|[&;])[^=&;]*(?:token|key|secret|sig|signature|password|passwd|pwd|auth|credential|session)[^=&;]*=)[^&;]*"
)
"""Fields of a query that let somebody in, as those of a signed address do."""


def is_address(text: str) -> bool:
    """Return whether a text is an address and no path: `scheme://…`."""
    return _ADDRESS.match(text) is not None


def show_address(address: str) -> str:
    """Return an address without its user, password and signature.

    Example:
        >>> show_address("https://me:secret@example.com/a.pdf?page=2&token=abc")
        'https://example.com/a.pdf?page=2&token=***'
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return address.partition("://")[0] + "://…"
    host = parts.netloc.rpartition("@")[2]
    query = _SECRET.sub(r"\1***", parts.query)
    return f"{parts.scheme}://{host}{parts.path}" + f"?{query}" * bool(query)
