"""Choose who answers: a model of an upstream, or the nano reader where there is none.

Knows what upstreams serve; knows nothing about documents and chats.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from glyph_memory.context import PageOptions
from glyph_memory.errors import PolicyError
from glyph_memory.readers import OpenAIReader, ServedModel
from glyph_memory.serve.options import Upstream
from glyph_memory.serve.web.bodies import Sampling
from glyph_memory.serve.web.context import FoundModels, WebContext
from glyph_memory.serve.web.faults import WebFault

NANO = "nano"
"""What the nano reader is called where a model is to be named."""
_CLOSING_S = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenModel:
    """A model of an upstream."""

    upstream: Upstream
    """Where it is asked."""
    served: ServedModel
    """What the upstream says of it."""


async def choose_model(context: WebContext, name: str | None) -> ChosenModel | None:
    """Return the model of that name; None for the nano reader, which answers where there is no upstream.

    Args:
        context: Knows the upstreams.
        name: As `/status` lists it; the first model that there is unless given.

    Raises:
        WebFault: There is none of that name, or no upstream can be asked.
    """
    if name == NANO or not context.options.upstreams:
        return None
    found = await context.find_models()
    models = [ChosenModel(upstream=one.upstream, served=served) for one in found for served in one.models]
    chosen = next((one for one in models if name in {None, "", one.served.model}), None)
    if chosen is not None:
        return chosen
    if models:
        named = ", ".join(repr(one.served.model) for one in models[:8])
        raise WebFault(f"no upstream serves a model {name!r:.100}; there are {named}", field="model")
    why = next((one.error for one in found if one.error), "the upstream lists no model")
    raise WebFault(f"{why}; the model {NANO!r} answers without it", status=502, field="model")


def list_options(context: WebContext, found: Sequence[FoundModels]) -> list[PageOptions]:
    """Return the page options that a conversation may have been drawn with, the default ones first."""
    return [
        context.page_options,
        *(suppose_options(context, served) for one in found for served in one.models),
    ]


def suppose_options(context: WebContext, served: ServedModel | None) -> PageOptions:
    """Return the page options of a model; the default ones where its window is too small for a memory."""
    try:
        return find_options(context, served)
    except PolicyError:
        return context.page_options


def find_options(context: WebContext, served: ServedModel | None) -> PageOptions:
    """Return the page options of a model; the default ones where it is not known, and for the nano reader.

    Profile and window that the proxy was told win over what a server says.

    Raises:
        PolicyError: Its window is too small for a memory.
    """
    if served is None:
        return context.page_options
    given = context.options.pages
    if served.profile is None and given.get("profile") is None:
        return context.page_options
    return served.page_options(**given)


@asynccontextmanager
async def open_reader(
    context: WebContext, model: ChosenModel, sampling: Sampling, *, special_tokens: Sequence[str]
) -> AsyncIterator[OpenAIReader]:
    """Open a reader that asks a model, and close it, also where the client is gone meanwhile."""
    reader = OpenAIReader(
        model.upstream.url,
        model=model.served.model,
        api_key=model.upstream.api_key,
        max_tokens=sampling.max_tokens,
        temperature=0.0 if sampling.temperature is None else sampling.temperature,
        extra_body=None if sampling.top_p is None else {"top_p": sampling.top_p},
        special_tokens=tuple(special_tokens),
        timeout_s=context.options.answer_timeout_s,
        connect_timeout_s=context.options.connect_timeout_s,
        retries=1,
    )
    try:
        yield reader
    finally:
        with anyio.move_on_after(_CLOSING_S, shield=True):
            await reader.aclose()
