"""Which paths are this server's own, which of them need no key, and which are no path at all. Knows scopes alone."""

from __future__ import annotations

from starlette.types import Scope

_READING = frozenset({"GET", "HEAD"})
_PAGE, _PAGE_FILES, _BELOW = frozenset({"/", "/favicon.ico"}), "/glyph/static/", "/glyph/"
UNCOUNTED = frozenset({"/healthz", "/metrics"})
"""What must answer when everything else is busy."""


def is_plain(scope: Scope) -> bool:
    """Return whether a path leads nowhere but down, and is printed as it is.

    It is put behind the upstream's address as it was spelled. One that begins with an escaped slash would not end
    the host's name there: `%2F@host` leads to another host.
    """
    path, raw = scope["path"], scope.get("raw_path") or b"/"
    return (
        path.startswith("/")
        and raw.startswith(b"/")
        and path.isprintable()
        and "\\" not in path
        and not {"..", "."} & set(path.split("/"))
    )


def is_own(scope: Scope, *, has_web: bool) -> bool:
    """Return whether this server answers a path itself: then no upstream is asked for it.

    Args:
        scope: The request's.
        has_web: Whether there is a web page.
    """
    path = scope["path"]
    return path in UNCOUNTED or path.startswith(_BELOW) or is_page(scope, has_web=has_web)


def is_page(scope: Scope, *, has_web: bool) -> bool:
    """Return whether a request is for the web page or its icon."""
    return has_web and scope["method"] in _READING and scope["path"] in _PAGE


def is_open(scope: Scope, *, has_web: bool) -> bool:
    """Return whether a request needs no key: is the server alive, and the page's own files, which hold nothing.

    What no file of ours answers needs one, or anybody could ask the upstream for it.
    """
    if scope["method"] not in _READING:
        return False
    path = scope["path"]
    is_file = has_web and path.startswith(_PAGE_FILES)
    return path == "/healthz" or is_file or is_page(scope, has_web=has_web)
