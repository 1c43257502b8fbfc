"""OpenAI's Responses: what a body of `/v1/responses` says, and how a folded one is spelled.

Recent items stay the client's own objects, reasoning included, unless something in them must not be sent as it is.
Knows nothing about HTTP or stores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from glyph_memory.context import Binder, ImagePart, JoinUsers, RequestPlan
from glyph_memory.errors import TurnError
from glyph_memory.readers import Usage
from glyph_memory.readers.openai.json_values import read_count, read_mapping
from glyph_memory.serve.dialects.blocks import Block, BlockSpelling, clean_last
from glyph_memory.serve.dialects.image_data import spell_data_url
from glyph_memory.serve.dialects.item_writer import ItemWriter
from glyph_memory.serve.dialects.items import group_items, is_reference, read_group
from glyph_memory.serve.dialects.reading import list_items, name_tools, read_length
from glyph_memory.serve.dialects.unit_cache import UnitCache
from glyph_memory.serve.dialects.units import ClientRequest, Item, Unit

_KEPT_ELSEWHERE = ("previous_response_id", "conversation")


def _spell_text(text: str) -> Block:
    return {"type": "input_text", "text": text}


def _spell_image(image: ImagePart) -> Block:
    # vLLM refuses a picture without its detail.
    return {"type": "input_image", "image_url": spell_data_url(image), "detail": "high"}


SPELLING = BlockSpelling(text=_spell_text, image=_spell_image)


class ResponsesDialect:
    """The dialect of OpenAI's newer clients, Codex among them; vLLM and llama.cpp speak it."""

    name = "responses"
    path = "/responses"
    items_key = "input"
    hoist_pictures = False
    """Pictures of tools stay in their results, where this dialect has them."""
    join_users: JoinUsers = "beside"

    def __init__(self) -> None:
        self._units = UnitCache[list[Item]](read_group)

    def read(self, body: Mapping[str, Any]) -> ClientRequest | None:
        """Return what a body says; None where the server keeps what was said before."""
        items = _list_items(body.get("input"))
        if any(body.get(name) is not None for name in _KEPT_ELSEWHERE) or any(map(is_reference, items)):
            return None
        told = _list_instructions(body.get("instructions"))
        head = [unit for item in told for unit in self._units.read([item])]
        units = self._units.read_all([*group_items(items)])
        leading = [*takewhile(lambda unit: unit.turn.role == "system", units)]
        tools = list_items(body.get("tools"))
        return ClientRequest(
            body=body,
            head=(*head, *leading),
            units=tuple(units[len(leading) :]),
            tools=tuple(tools),
            tool_names=name_tools(tools),
            output_tokens=read_length(body.get("max_output_tokens")),
        )

    def write(
        self, request: ClientRequest, plan: RequestPlan, recent: Sequence[Unit], *, binder: Binder
    ) -> dict[str, Any]:
        """Return the body that is sent."""
        body = request.body
        writer = ItemWriter(recent, binder, SPELLING, marks_pictures=plan.marks_pictures)
        told = len(_list_instructions(body.get("instructions")))
        head = [writer.write_head(unit) for unit in request.head]
        items = [*head[told:], *writer.write_items(plan.messages), *clean_last(request.last, binder.cleaner)]
        given = body["input"]
        beside = {"instructions": head[0]["content"]} if told else {}
        if isinstance(given, str) and len(items) == 1 and isinstance(items[0]["content"], str):
            return {**body, **beside, "input": items[0]["content"]}
        return {**body, **beside, "input": items}

    def read_usage(self, answer: Mapping[str, Any]) -> Usage | None:
        """Return what an answer, or the event that ends a streamed one, tells of tokens."""
        held = answer.get("response", answer)
        usage = held.get("usage") if isinstance(held, Mapping) else None
        if not isinstance(usage, Mapping):
            return None
        details = read_mapping(usage.get("input_tokens_details"))
        return Usage(
            prompt_tokens=read_count(usage.get("input_tokens")),
            completion_tokens=read_count(usage.get("output_tokens")),
            cached_tokens=read_count(details.get("cached_tokens")),
        )


def _list_items(given: object) -> list[Item]:
    """Return the items of a body's `input`; a text is what a user says."""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    if not isinstance(given, list) or not given or not all(isinstance(item, Mapping) for item in given):
        raise TurnError("the body's input is neither a text nor items")
    return given


def _list_instructions(given: object) -> list[Item]:
    return [{"role": "system", "content": given}] if isinstance(given, str) and given else []
