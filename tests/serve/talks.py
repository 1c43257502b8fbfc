"""Conversations as clients send them, and what a proxy makes of them without HTTP."""

from __future__ import annotations

import json
from typing import Any

from glyph_memory import PageOptions
from glyph_memory.serve.conversations import ConversationFolder
from glyph_memory.serve.dialects.chat import ChatDialect
from glyph_memory.serve.options import Upstream
from glyph_memory.serve.proxy.prepare import PreparedBody, parse_body, prepare_body
from glyph_memory.serve.upstreams import Target
from glyph_memory.store import Store

SMALL = PageOptions(profile="glyph", window_tokens=8192)
"""A window in which pages come soon."""


class Talk:
    """What a proxy makes of chat requests, over one store.

    Args:
        store: Where it keeps them.
        options: The model's; None for one that gets text.
        pages: Where page files are kept; beside the store's file unless given.
    """

    def __init__(
        self, store: Store, options: PageOptions | None = SMALL, *, pages: str | None = None
    ) -> None:
        self.store, self.options = store, options
        self.folder, self.dialect = ConversationFolder(store, pages=pages), ChatDialect()

    def ask(
        self,
        messages: list[dict[str, Any]],
        *,
        caller: str = "",
        session: str = "",
        keeps: bool = True,
        recalls: bool = False,
        rules: frozenset[str] = frozenset(),
        **fields: Any,
    ) -> PreparedBody:
        """Return what is sent for a history; what it says is stored."""
        body = parse_body(json.dumps({"model": "glyph", "messages": messages, **fields}).encode())
        prepared = prepare_body(
            body,
            dialect=self.dialect,
            folder=self.folder,
            target=Target(upstream=Upstream(url="http://127.0.0.1:8000/v1"), options=self.options),
            rules=rules,
            caller=caller,
            session=session,
            keeps=keeps,
            recalls=recalls,
        )
        if prepared.keep is not None:
            prepared.keep()
        return prepared


def list_pages(prepared: PreparedBody) -> list[str]:
    """Return the pages that are sent, as data URLs."""
    return [
        block["image_url"]["url"]
        for message in json.loads(prepared.data)["messages"]
        for block in (message["content"] if isinstance(message["content"], list) else [])
        if block["type"] == "image_url"
    ]
