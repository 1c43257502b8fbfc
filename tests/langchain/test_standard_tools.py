"""LangChain's standard tests for tools, as they come, on `recall` and `zoom`."""

from __future__ import annotations

from typing import Any

from langchain_core.tools import BaseTool
from langchain_glyph_memory import recall_tools
from langchain_tests.integration_tests import ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests

from glyph_memory import GlyphMemory


def _tools() -> list[BaseTool]:
    memory = GlyphMemory.open(":memory:")
    memory.add("user", "The code for the gate is 4711-B.")
    return recall_tools(memory)


RECALL, ZOOM = _tools()


class TestRecallUnit(ToolsUnitTests):
    """A tool with a name and a schema."""

    @property
    def tool_constructor(self) -> BaseTool:
        """A memory's tool."""
        return RECALL

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        """What a model asks."""
        return {"query": "gate code", "k": 3}


class TestRecallIntegration(ToolsIntegrationTests):
    """A tool that answers."""

    @property
    def tool_constructor(self) -> BaseTool:
        """A memory's tool."""
        return RECALL

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        """What a model asks."""
        return {"query": "gate code", "k": 3}


class TestZoomUnit(ToolsUnitTests):
    """A tool with a name and a schema."""

    @property
    def tool_constructor(self) -> BaseTool:
        """A memory's tool."""
        return ZOOM

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        """What a model asks."""
        return {"what": "§1"}


class TestZoomIntegration(ToolsIntegrationTests):
    """A tool that answers."""

    @property
    def tool_constructor(self) -> BaseTool:
        """A memory's tool."""
        return ZOOM

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        """What a model asks."""
        return {"what": "§1"}
