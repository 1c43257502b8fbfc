"""The resources: sessions as JSON, and the pages that a session shows now as images.

Knows addresses and memories; knows nothing about how they travel.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import quote, unquote

from mcp_types import BlobResourceContents, Resource, ResourceTemplate, TextResourceContents

from glyph_memory.context import ImagePart
from glyph_memory.errors import StoreError
from glyph_memory.folding import SealedPage
from glyph_memory.memory import GlyphMemory
from glyph_memory.serve.mcp import wording
from glyph_memory.serve.mcp.sessions import OpenSessions

ROOT = "glyph://sessions"
_ADDRESS = re.compile(rf"{ROOT}(?:/([^/?#]+)(?:/pages/([0-9]{{1,9}}))?)?")
_JSON, _PNG = "application/json", "image/png"


def list_templates() -> list[ResourceTemplate]:
    """Return the patterns of all addresses."""
    return [
        ResourceTemplate(
            name="session", title="A session", uri_template=f"{ROOT}/{{name}}", mime_type=_JSON,
            description=wording.SESSION,
        ),
        ResourceTemplate(
            name="page", title="A page", uri_template=f"{ROOT}/{{name}}/pages/{{number}}", mime_type=_PNG,
            description=wording.PAGE,
        ),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class SessionResources:
    """What of a client's sessions can be read."""

    sessions: OpenSessions
    """The sessions that it may see."""
    listed: int = 200
    """How many resources are listed at a time."""

    def list_page(self, start: int) -> tuple[list[Resource], int | None]:
        """Return some resources, and where the next ones begin; pages are listed of the bound session alone.

        Args:
            start: How many were listed before.
        """
        index = Resource(
            name="sessions", title="All sessions", uri=ROOT, mime_type=_JSON, description=wording.SESSIONS
        )
        names = [info.name for info in self.sessions.list_sessions()]
        named = [
            Resource(name=name, title=name, uri=_name(name), mime_type=_JSON, description=wording.SESSION)
            for name in names
        ]
        bound = self.sessions.bound
        pages = _list_pages(self.sessions.get(bound)) if bound in names else []
        drawn = [
            Resource(
                name=f"{bound} page {page.number}",
                title=wording.PAGE_TITLE.format(number=page.number),
                uri=_name(bound, page.number),
                mime_type=_PNG,
                description=wording.PAGE,
            )
            for page in pages
        ]
        found = [index, *named, *drawn]
        stop = start + self.listed
        return found[start:stop], stop if stop < len(found) else None

    def read(self, address: str) -> TextResourceContents | BlobResourceContents | None:
        """Return what stands at an address; None where nothing does.

        Raises:
            GlyphMemoryError: It cannot be read or drawn.
        """
        asked = _ADDRESS.fullmatch(address)
        if asked is None:
            return None
        if asked[1] is None:
            sessions = [
                {
                    "name": info.name,
                    "uri": _name(info.name),
                    "turns": info.turns,
                    "first_time": info.first_time.isoformat() if info.first_time else None,
                    "last_time": info.last_time.isoformat() if info.last_time else None,
                }
                for info in self.sessions.list_sessions()
            ]
            return _write_json(address, {"sessions": sessions})
        try:
            name = unquote(asked[1], errors="strict")
            memory = self.sessions.find(name)
        except (StoreError, UnicodeError):
            return None
        if asked[2] is None:
            return _write_json(address, _describe(memory, name))
        image = _find_image(memory, int(asked[2]))
        if image is None:
            return None
        return BlobResourceContents(
            uri=address, mime_type=image.media_type, blob=b64encode(image.data).decode()
        )


def _describe(memory: GlyphMemory, name: str) -> dict[str, object]:
    report = memory.report()
    return {
        "name": name,
        "profile": report.profile,
        "turns": report.turns,
        "page_turns": report.page_turns,
        "evicted_turns": report.evicted_turns,
        "context_tokens": report.context_tokens,
        "plain_tokens": report.plain_tokens,
        "pages": [
            {
                "number": page.number,
                "uri": _name(name, page.number),
                "anchors": page.anchors,
                "size": page.size,
                "tokens": page.tokens,
            }
            for page in _list_pages(memory)
        ],
    }


def _list_pages(memory: GlyphMemory) -> list[SealedPage]:
    seals = memory.fold().visible_seals
    return [page for seal in seals if seal.kind == "pages" for page in seal.pages]


def _find_image(memory: GlyphMemory, number: int) -> ImagePart | None:
    """Return a page as a model is shown it now: the same bytes that a request would hold."""
    parts = (part for message in memory.context().messages for part in message.parts)
    return next(
        (
            part
            for part in parts
            if isinstance(part, ImagePart) and part.kind == "page" and part.number == number
        ),
        None,
    )


def _name(session: str, page: int | None = None) -> str:
    address = f"{ROOT}/{quote(session, safe='', errors='replace')}"
    return address if page is None else f"{address}/pages/{page}"


def _write_json(address: str, value: dict[str, object]) -> TextResourceContents:
    # Escaped, so that half a character in a name does no harm.
    return TextResourceContents(uri=address, mime_type=_JSON, text=json.dumps(value))
