"""LangChain's standard tests for tools, as they come, on `recall` and `zoom`: of a memory, and of an agent."""

from __future__ import annotations

from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.messages import HumanMessage
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
STATE_RECALL, STATE_ZOOM = recall_tools()
RUNTIME: ToolRuntime[Any, Any] = ToolRuntime(
    state={"messages": [HumanMessage("The code for the gate is 4711-B.")]},
    context=None,
    config={},
    stream_writer=lambda _: None,
    tool_call_id="c1",
    store=None,
)
"""What an agent hands to its tools beside what a model asks."""


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


class TestStateRecallUnit(ToolsUnitTests):
    """A tool with a name and a schema."""

    @property
    def tool_constructor(self) -> BaseTool:
        """An agent's tool."""
        return STATE_RECALL

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        """What a model asks, and the agent adds."""
        return {"query": "gate code", "k": 3, "runtime": RUNTIME}


class TestStateRecallIntegration(ToolsIntegrationTests):
    """A tool that answers."""

    @property
    def tool_constructor(self) -> BaseTool:
        """An agent's tool."""
        return STATE_RECALL

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        """What a model asks, and the agent adds."""
        return {"query": "gate code", "k": 3, "runtime": RUNTIME}


class TestStateZoomUnit(ToolsUnitTests):
    """A tool with a name and a schema."""

    @property
    def tool_constructor(self) -> BaseTool:
        """An agent's tool."""
        return STATE_ZOOM

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        """What a model asks, and the agent adds."""
        return {"what": "§1", "runtime": RUNTIME}


class TestStateZoomIntegration(ToolsIntegrationTests):
    """A tool that answers."""

    @property
    def tool_constructor(self) -> BaseTool:
        """An agent's tool."""
        return STATE_ZOOM

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        """What a model asks, and the agent adds."""
        return {"what": "§1", "runtime": RUNTIME}
