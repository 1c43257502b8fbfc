"""An MCP server of a web shop's support desk, over stdio: 25 tools, described as generated servers describe them."""

from __future__ import annotations

import asyncio
from typing import Any

from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
)

THINGS = ("order", "parcel", "invoice", "customer", "complaint")
ACTIONS = {
    "search": "Search {}s by words, by when they were made and by state, newest first. Results come in pages.",
    "read": "Read one {} with its history, line by line: every event, when it was, and which worker saw to it.",
    "create": "Create a new {}. What it belongs to must be there already, else nothing is created.",
    "update": "Change fields of one {}. Fields that are not given stay; every change is written to its history.",
    "close": "Close one {} for good, with a reason that its customer can read. It cannot be opened again.",
}
FIELDS = {
    "number": "Its number, as it stands on papers and in mails, without spaces",
    "query": "Words to look for, in any order; quotation marks keep some of them together",
    "state": "One of open, waiting, held, done or cancelled; by default, all that are not cancelled",
    "since": "A day as YYYY-MM-DD, in the time zone of the shop; what is older is left out",
    "reason": "One sentence, for people outside the company, without names of workers",
    "limit": "How many at the most; 20 unless given, and never more than 100",
}


def describe(action: str, thing: str) -> Tool:
    """Return a tool as a client is told of it."""
    fields = {name: {"type": "string", "description": f"{text}."} for name, text in FIELDS.items()}
    schema = {"type": "object", "properties": fields, "required": ["number"]}
    return Tool(name=f"{action}_{thing}", description=ACTIONS[action].format(thing), input_schema=schema)


async def list_tools(_: ServerRequestContext[Any], __: PaginatedRequestParams | None) -> ListToolsResult:
    """Return all tools."""
    return ListToolsResult(tools=[describe(action, thing) for thing in THINGS for action in ACTIONS])


async def call_tool(_: ServerRequestContext[Any], asked: CallToolRequestParams) -> CallToolResult:
    """Return the history of what was asked about."""
    number = (asked.arguments or {}).get("number", "?")
    lines = (
        f"2025-03-0{1 + hour // 24} {hour % 24:02}:15 {asked.name} {number}: worker w-{hour % 4}, batch B-{hour:02}"
        for hour in range(48)
    )
    return CallToolResult(content=[TextContent(text="\n".join(lines))])


async def main() -> None:
    """Serve whoever started this program."""
    server = Server("shop", on_list_tools=list_tools, on_call_tool=call_tool)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    asyncio.run(main())
