"""`deepagents_memory`: takes the place of deepagents' summarizer.

deepagents gives every agent a summarizer, which counts the messages before they are folded: beside pages it would
go on summarizing. Middleware of the same name takes its place, in the agent itself and in its general-purpose subagent.
"""

from __future__ import annotations

from typing import Unpack

from glyph_memory import ModelProfile, PageOptionFields, PageOptions, SecretGuard, SecretMode
from langchain_glyph_memory.middleware import GlyphMemoryMiddleware

_SUMMARIZER = "SummarizationMiddleware"


def deepagents_memory(
    profile: ModelProfile | str | None = None,
    /,
    *,
    options: PageOptions | None = None,
    merge: bool = True,
    secrets: SecretMode | SecretGuard = "off",
    tools: bool = False,
    **fields: Unpack[PageOptionFields],
) -> GlyphMemoryMiddleware:
    """Return middleware for `create_deep_agent(middleware=[…])` that folds old messages into pages.

    Subagents of your own have middleware of their own: give it to them, too; one instance serves all.

    Args: as for `GlyphMemoryMiddleware`.

    Example:
        >>> deepagents_memory("glyph").name
        'SummarizationMiddleware'
    """
    return GlyphMemoryMiddleware(
        profile, options=options, merge=merge, secrets=secrets, tools=tools, name=_SUMMARIZER, **fields
    )
