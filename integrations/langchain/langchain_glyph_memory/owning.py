"""`find_owner`: whose pages an agent's call shows: its thread, and which of the thread's agents it is.

Knows LangGraph's configuration; knows nothing about pages.
"""

from __future__ import annotations

from dataclasses import dataclass

from langgraph.config import get_config


@dataclass(frozen=True, kw_only=True, slots=True)
class PageOwner:
    """Whose pages are shown."""

    thread: str
    """The thread's id."""
    part: str
    """Which agent within it, such as a subagent; the same from call to call."""


def find_owner() -> PageOwner | None:
    """Return the owner of what the running call shows; None outside a graph, and where it has no thread."""
    try:
        told = get_config().get("configurable") or {}
    except RuntimeError:  # called by hand, outside a graph
        return None
    thread = told.get("thread_id")
    if thread is None:
        return None
    # "tools:5c0f…|model:91ab…": the ids of tasks are others in every call.
    place = str(told.get("checkpoint_ns") or "").split("|")
    return PageOwner(thread=str(thread), part="|".join(step.partition(":")[0] for step in place))
