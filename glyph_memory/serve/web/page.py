"""Serve the web page: `index.html` and the files of `static`, read once, and nothing else.

Knows package files; knows nothing about what they do.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from glyph_memory.serve.web.headers import security_headers

_INDEX, _ICON = "index.html", "icon.svg"
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".md": "text/plain", ".woff2": "font/woff2"}
"""Said here, as systems' own tables differ; browsers run no script of another type."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StaticFile:
    """A file of the page."""

    data: bytes = field(repr=False)
    """Its bytes."""
    media_type: str
    """Its MIME type."""
    etag: str
    """A digest of its bytes, quoted."""


def page_routes(folder: Traversable | None = None) -> list[BaseRoute]:
    """Return the routes of the page: `/`, `/favicon.ico` and `/glyph/static/…`.

    Args:
        folder: Where its files lie; in the package unless given. They are read once: what is not there is not served.
    """
    served = dict(_walk(folder or files("glyph_memory.serve.web").joinpath("static"), ""))

    async def serve_index(request: Request) -> Response:
        return _answer(request, served.get(_INDEX))

    async def serve_file(request: Request) -> Response:
        return _answer(request, served.get(request.path_params["path"]))

    async def serve_icon(request: Request) -> Response:
        return _answer(request, served.get(_ICON))

    return [
        Route("/", serve_index, methods=["GET"]),
        Route("/favicon.ico", serve_icon, methods=["GET"]),
        Route("/glyph/static/{path:path}", serve_file, methods=["GET"]),
    ]


def _walk(folder: Traversable, path: str) -> Iterator[tuple[str, StaticFile]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name) if folder.is_dir() else ():
        name = f"{path}{entry.name}"
        is_link = isinstance(entry, Path) and entry.is_symlink()
        if entry.name.startswith(".") or is_link:
            continue
        if entry.is_dir():
            yield from _walk(entry, f"{name}/")
        else:
            data = entry.read_bytes()
            digest = hashlib.sha256(data).hexdigest()[:32]
            yield name, StaticFile(data=data, media_type=_find_type(entry.name), etag=f'"{digest}"')


def _find_type(name: str) -> str:
    end = name[name.rfind(".") :]
    found = _TYPES.get(end) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = found.startswith("text/") or found in {"application/json", "image/svg+xml"}
    return f"{found}; charset=utf-8" if is_text else found


def _answer(request: Request, found: StaticFile | None) -> Response:
    if found is None:
        raise HTTPException(404)
    # Asked again each time, answered without the bytes: a new version shows at once.
    headers = security_headers() | {"ETag": found.etag, "Cache-Control": "no-cache"}
    asked = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if found.etag in asked or "*" in asked:
        return Response(status_code=304, headers=headers)
    return Response(found.data, headers=headers, media_type=found.media_type)
