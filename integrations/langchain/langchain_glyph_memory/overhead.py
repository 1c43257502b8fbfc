"""The `Overhead`: what a prompt holds beside the conversation, a system message and tools; and tools that take a name.

Knows tools and policies; knows nothing about what was said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from langchain_core.messages import BaseMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from glyph_memory import Binder
from langchain_glyph_memory.counting import Tool, count_message_tokens, count_tools_tokens
from langchain_glyph_memory.tools import find_taken_names

_CROWDED = (
    "{count} tools take {tools:,} tokens of window_tokens={window}, the largest {largest}: no page fits beside them, "
    "so the model is sent recent messages alone. Give fewer tools, shorter descriptions, or raise window_tokens= if "
    "the server takes more"
)
_TAKEN = (
    "the agent has {names} of its own: the model is given that, and not the middleware's. Rename it, or make the "
    "middleware with tools=False"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Overhead:
    """The tokens of a prompt that are no conversation's."""

    system_tokens: int
    """Of the system message."""
    tools_tokens: int
    """Of the tools' descriptions."""
    reserved_tokens: int
    """Of both, beyond what the policy keeps free for tools."""
    notice: str = ""
    """What the user should learn of tools that leave no room for a page."""

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.system_tokens + self.tools_tokens


def measure_overhead(system: BaseMessage | None, tools: Sequence[Tool], binder: Binder) -> Overhead:
    """Return what a system message and tools take of the window.

    Args:
        system: The system message.
        tools: The tools.
        binder: What binds the model's requests.
    """
    policy = binder.policy
    system_tokens = count_message_tokens(system, binder) if system else 0
    tools_tokens = count_tools_tokens(tools, binder)
    beyond = max(0, tools_tokens - policy.tools_tokens)
    found = Overhead(
        system_tokens=system_tokens, tools_tokens=tools_tokens, reserved_tokens=system_tokens + beyond
    )
    page = binder.profile.image_tokens(binder.style.page_px)
    if not beyond or policy.seal_budget_tokens(head_tokens=found.reserved_tokens) >= page:
        return found
    sizes = sorted(((count_tools_tokens([tool], binder), _name_tool(tool)) for tool in tools), reverse=True)
    largest = ", ".join(f"{name!r} ({size:,})" for size, name in sizes[:3])
    # A policy of the model's own leaves some of the window unused; one that was given says what is used.
    given = binder.options.policy is not None
    window = policy.window_tokens if given else binder.options.known_window_tokens
    return replace(
        found, notice=_CROWDED.format(count=len(sizes), tools=tools_tokens, window=window, largest=largest)
    )


def tell_taken(tools: Iterable[object]) -> str:
    """Return a notice of tools that have the names of ours; empty where there are none."""
    names = find_taken_names(tools)
    return _TAKEN.format(names=" and ".join(f"a tool {name!r}" for name in names)) if names else ""


def _name_tool(tool: Tool) -> str:
    return str(convert_to_openai_tool(tool).get("function", {}).get("name", "?"))
