"""Sessions and pages can be read as resources, and nothing else can."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import BlobResourceContents, TextResourceContents

from glyph_memory import FoldPolicy, GlyphMemory, ImagePart, Turn
from glyph_memory.serve.mcp import create_mcp_server
from glyph_memory.serve.mcp.resources import SessionResources
from glyph_memory.serve.mcp.sessions import OpenSessions
from glyph_memory.store import Store
from tests.serve.mcp.conftest import Connect

SMALL = FoldPolicy(window_tokens=16_000, keep_recent_tokens=200, trigger_tokens=800)
SENTENCES = "The deploy went out at 14:05 on port 8443; Ada signed it off. " * 12
STRANGE = "a/b c?#%§"


def open_small(store: Store, name: str) -> GlyphMemory:
    """Open a session whose turns soon become pages."""
    return GlyphMemory.open(store, session=name, policy=SMALL)


async def read_json(client: Client, address: str) -> Any:
    """Return what stands at an address."""
    (found,) = (await client.read_resource(address)).contents
    assert isinstance(found, TextResourceContents)
    assert found.mime_type == "application/json"
    return json.loads(found.text)


async def test_pages_are_read_as_the_model_is_shown_them(connect: Connect, store: Store) -> None:
    """The same bytes that a request would hold."""
    with open_small(store, "mcp") as memory:
        memory.extend(
            [
                Turn(role=("user", "assistant")[number % 2], text=f"Turn {number}: {SENTENCES}")
                for number in range(40)
            ]
        )
        shown = [
            part
            for message in memory.context().messages
            for part in message.parts
            if isinstance(part, ImagePart) and part.kind == "page"
        ]
    assert shown
    async with connect(open_session=open_small) as client:
        session = await read_json(client, "glyph://sessions/mcp")
        assert [page["number"] for page in session["pages"]] == [part.number for part in shown]
        listed = {str(one.uri) for one in (await client.list_resources()).resources}
        for page, part in zip(session["pages"], shown, strict=True):
            (image,) = (await client.read_resource(page["uri"])).contents
            assert isinstance(image, BlobResourceContents)
            assert (image.mime_type, b64decode(image.blob)) == ("image/png", part.data)
            assert page["uri"] in listed
        found = await client.call_tool("recall", {"query": "Turn 0"})
        assert found.structured_content is not None
        assert found.structured_content["passages"][0]["page"] == 1


async def test_a_session_of_any_name_can_be_read(store: Store) -> None:
    """Addresses are spelled so that they lead back to it."""
    with GlyphMemory.open(store, session=STRANGE) as memory:
        memory.add("user", "Hello.")
    async with Client(create_mcp_server(store, session=STRANGE)) as client:
        (info,) = (await read_json(client, "glyph://sessions"))["sessions"]
        assert (info["name"], info["turns"]) == (STRANGE, 1)
        assert (await read_json(client, info["uri"]))["name"] == STRANGE
        listed = [one.name for one in (await client.list_resources()).resources]
        assert listed == ["sessions", STRANGE]


async def test_other_sessions_are_not_there_unless_all_are_shown(connect: Connect, store: Store) -> None:
    """Their names are not told."""
    with GlyphMemory.open(store, session="other") as memory:
        memory.add("user", "Hello.")
    async with connect() as client:
        assert await read_json(client, "glyph://sessions") == {"sessions": []}
        with pytest.raises(MCPError, match="Unknown resource"):
            await client.read_resource("glyph://sessions/other")
    async with connect(all_sessions=True) as client:
        assert (await read_json(client, "glyph://sessions/other"))["turns"] == 1


@pytest.mark.parametrize(
    "address",
    [
        "glyph://sessions/none", "glyph://sessions/mcp/pages/1", "glyph://sessions/mcp/pages/x", "glyph://else",
        "file:///etc/passwd", "glyph://sessions/", "glyph://sessions/%ff", "glyph://sessions/..%2f..",
    ],
)  # fmt: skip
async def test_an_unknown_resource_is_an_error_of_the_protocol(connect: Connect, address: str) -> None:
    """With the code that the specification has for it, and the address."""
    async with connect() as client:
        with pytest.raises(MCPError, match="Unknown resource") as caught:
            await client.read_resource(address)
    assert caught.value.code == -32602
    assert caught.value.data == {"uri": address}


def test_a_long_list_comes_in_pieces(store: Store) -> None:
    """Each says where the next begins, and nothing is listed twice."""
    for name in "abcd":
        store.session(name).append([Turn(role="user", text="Hello.")])
    resources = SessionResources(OpenSessions(store=store, bound="a", shows_all=True), listed=3)
    first, start = resources.list_page(0)
    rest, end = resources.list_page(start or 0)
    assert [one.name for one in (*first, *rest)] == ["sessions", *"abcd"]
    assert (start, end) == (3, None)


async def test_a_cursor_that_is_none_is_refused(connect: Connect) -> None:
    """As the specification has it."""
    async with connect() as client:
        with pytest.raises(MCPError, match="Unknown cursor: '-1'"):
            await client.list_resources(cursor="-1")


async def test_templates_say_how_addresses_are_made(connect: Connect) -> None:
    """Clients complete them."""
    async with connect() as client:
        found = (await client.list_resource_templates()).resource_templates
    assert [one.uri_template for one in found] == [
        "glyph://sessions/{name}",
        "glyph://sessions/{name}/pages/{number}",
    ]
