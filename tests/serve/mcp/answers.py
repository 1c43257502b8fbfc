"""What is looked at in a tool's answer."""

from __future__ import annotations

from mcp_types import CallToolResult, ImageContent, TextContent


def read_text(result: CallToolResult) -> str:
    """Return the text of an answer that is no error."""
    assert not result.is_error, result.content
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def read_error(result: CallToolResult) -> str:
    """Return the one line of an error."""
    assert result.is_error, result.content
    (block,) = result.content
    assert isinstance(block, TextContent)
    assert "\n" not in block.text
    assert result.structured_content is None
    return block.text


def list_images(result: CallToolResult) -> list[ImageContent]:
    """Return the images of an answer."""
    return [block for block in result.content if isinstance(block, ImageContent)]
