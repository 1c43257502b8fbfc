"""`deepagents_memory`: takes the place of deepagents' summarizer; `add_subagent_memory`: in its subagents, too.

deepagents gives every agent a summarizer, which counts the messages before they are folded: beside pages it would
go on summarizing. Middleware of the same name takes its place, in the agent itself and in its general-purpose subagent.
Subagents with a name of their own take over nothing from the agent, unless they are forks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, Unpack, cast

from glyph_memory import ModelProfile
from langchain_glyph_memory.middleware import GlyphMemoryMiddleware, MiddlewareFields

_SUMMARIZER = "SummarizationMiddleware"
_MADE_ELSEWHERE = {"runnable", "graph_id"}
"""What the description of a subagent holds that deepagents does not build: a finished graph, or one on a server."""

S = TypeVar("S", bound=Mapping[str, Any])


def deepagents_memory(
    profile: ModelProfile | str | None = None,
    /,
    **fields: Unpack[MiddlewareFields],
) -> GlyphMemoryMiddleware:
    """Return middleware for `create_deep_agent(middleware=[…])` that folds old messages into pages.

    The agent's general-purpose subagent has it as well. Give it to subagents of your own with `add_subagent_memory`.

    Args:
        profile: The model that reads, as for `GlyphMemoryMiddleware`.
        **fields: Whatever else `GlyphMemoryMiddleware` takes, but for its name.

    Example:
        >>> deepagents_memory("glyph").name
        'SummarizationMiddleware'
    """
    return GlyphMemoryMiddleware(profile, name=_SUMMARIZER, **fields)


def add_subagent_memory(subagents: Iterable[S], memory: GlyphMemoryMiddleware) -> list[S]:
    """Return descriptions of subagents for `create_deep_agent(subagents=…)`, each with the agent's memory.

    One that has a middleware of that name stays as it is, and so does one that deepagents does not build (`runnable`,
    `graph_id`): give `GlyphMemoryMiddleware` to whatever builds that. Each run of a subagent has pages of its own.

    Args:
        subagents: Descriptions of subagents; nothing in them is changed.
        memory: What `deepagents_memory` returned. One serves all of them; where one has a model of its own, let it know
            the model by name: `deepagents_memory()` without a profile.

    Example:
        >>> memory = deepagents_memory("glyph")
        >>> critic = {"name": "critic", "description": "Reads drafts.", "system_prompt": "Be strict."}
        >>> (added,) = add_subagent_memory([critic], memory)
        >>> added["middleware"] == [memory], "middleware" in critic
        (True, False)
    """
    return [_add_memory(subagent, memory) for subagent in subagents]


def _add_memory(subagent: S, memory: GlyphMemoryMiddleware) -> S:
    own = [*subagent.get("middleware", ())]
    if not _MADE_ELSEWHERE.isdisjoint(subagent) or memory.name in {one.name for one in own}:
        return subagent
    return cast("S", {**subagent, "middleware": [*own, memory]})
