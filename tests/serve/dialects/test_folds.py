"""Claims about long conversations in each dialect: they are sent with pages, which servers and SDKs' own types take."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx2
import pytest
from PIL import Image

from glyph_memory.context import ImagePart, RequestPlan
from glyph_memory.serve.dialects.chat import ChatDialect
from glyph_memory.serve.dialects.messages import MessagesDialect
from glyph_memory.serve.dialects.responses import ResponsesDialect
from glyph_memory.serve.dialects.units import Dialect
from glyph_memory.testing import FakeVLMServer
from tests.serve.dialects.folds import find_marks, write_folded

ROUNDS = 24
LONG = "The parcel left the second floor at noon and nobody has seen it since. " * 40


def report(number: int) -> str:
    """Return what a tool says in a round: much, but for the last rounds."""
    return f"w{number} {LONG if number < ROUNDS - 8 else 'Nothing.'}"


def spell_messages(rounds: int) -> dict[str, Any]:
    """Return an agent's run as Anthropic's messages: each request of the user needs two calls."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "w0 Where are they?"}]
    for number in range(1, rounds):
        ids = [f"t{number}a", f"t{number}b"]
        thought = {"type": "thinking", "thinking": f"Hm {number}.", "signature": "s"}
        calls = [
            {"type": "tool_use", "id": id_, "name": "look_up", "input": {"order": number}} for id_ in ids
        ]
        results = [{"type": "tool_result", "tool_use_id": id_, "content": report(number)} for id_ in ids]
        words = {"type": "text", "text": f"w{number} Go on.", "cache_control": {"type": "ephemeral"}}
        said = {"type": "text", "text": f"w{number} I look."}
        messages.append({"role": "assistant", "content": [thought, said, *calls]})
        messages.append({"role": "user", "content": [*results, words]})
    return {"model": "glyph", "max_tokens": 300, "system": "You help.", "messages": messages}


def spell_responses(rounds: int) -> dict[str, Any]:
    """Return it as items of OpenAI's Responses."""
    items: list[dict[str, Any]] = [{"role": "user", "content": "w0 Where are they?"}]
    for number in range(1, rounds):
        ids = [f"t{number}a", f"t{number}b"]
        arguments = f'{{"order": {number}}}'
        said = [{"type": "output_text", "text": f"w{number} I look.", "annotations": []}]
        items.append({"type": "reasoning", "id": f"rs_{number}", "summary": []})
        items.append(
            {
                "type": "message",
                "id": f"m_{number}",
                "role": "assistant",
                "status": "completed",
                "content": said,
            }
        )
        items += [
            {"type": "function_call", "call_id": id_, "name": "look_up", "arguments": arguments}
            for id_ in ids
        ]
        items += [{"type": "function_call_output", "call_id": id_, "output": report(number)} for id_ in ids]
        words = [{"type": "input_text", "text": f"w{number} Go on."}]
        items.append({"type": "message", "role": "user", "content": words})
    return {"model": "glyph", "max_output_tokens": 300, "instructions": "You help.", "input": items}


def spell_chat(rounds: int) -> dict[str, Any]:
    """Return it as chat completions."""
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "You help."},
        {"role": "user", "content": "w0 Where are they?"},
    ]
    for number in range(1, rounds):
        ids, function = (
            [f"t{number}a", f"t{number}b"],
            {"name": "look_up", "arguments": f'{{"order": {number}}}'},
        )
        calls = [{"id": id_, "type": "function", "function": function} for id_ in ids]
        messages.append({"role": "assistant", "content": f"w{number} I look.", "tool_calls": calls})
        messages += [{"role": "tool", "tool_call_id": id_, "content": report(number)} for id_ in ids]
        messages.append({"role": "user", "content": f"w{number} Go on."})
    return {"model": "glyph", "max_tokens": 300, "messages": messages}


Case = tuple[Dialect, Callable[[int], dict[str, Any]], str]
CASES: list[Case] = [
    (ChatDialect(), spell_chat, "messages"),
    (MessagesDialect(), spell_messages, "messages"),
    (ResponsesDialect(), spell_responses, "input"),
]


def list_pages(plan: RequestPlan) -> list[bytes]:
    """Return the files of a plan's pages."""
    return [part.data for one in plan.messages for part in one.before if isinstance(part, ImagePart)]


@pytest.mark.parametrize(("dialect", "spell", "key"), CASES)
def test_a_long_conversation_is_sent_with_pages(
    dialect: Dialect, spell: Callable[[int], dict[str, Any]], key: str
) -> None:
    """A server takes it, sees each page once and in order; recent units are there once, as they came."""
    body = spell(ROUNDS)
    written = write_folded(dialect, body)
    pages = list_pages(written.plan)
    assert len(pages) > 1
    assert {name: written.body[name] for name in body if name != key} == {
        name: body[name] for name in body if name != key
    }
    recent = [item for unit in written.recent for item in unit.items]
    assert find_marks(written.body[key])[-len(find_marks(recent)) :] == find_marks(recent)
    assert written.body[key][-1] == body[key][-1]
    with FakeVLMServer(model="glyph") as server:
        answer = httpx2.post(f"{server.base_url}{dialect.path}", json=written.body, timeout=20)
        answer.raise_for_status()
        (request,) = server.requests
    usage = dialect.read_usage(answer.json())
    assert usage is not None
    assert usage.prompt_tokens == request.prompt_tokens
    sizes = [Image.open(io.BytesIO(page)).size for page in pages]
    assert [image.size for image in request.images] == sizes


@pytest.mark.parametrize(("dialect", "spell", "key"), CASES)
def test_what_is_sent_begins_alike_from_turn_to_turn(
    dialect: Dialect, spell: Callable[[int], dict[str, Any]], key: str
) -> None:
    """As long as pages stay, whatever was sent stays, so a server's cache holds."""
    kept, before, pages_before = 0, list[Any](), list[bytes]()
    for rounds in range(ROUNDS - 6, ROUNDS):
        written = write_folded(dialect, spell(rounds))
        pages = list_pages(written.plan)
        if pages == pages_before:
            kept += 1
            assert written.body[key][: len(before)] == before
        before, pages_before = written.body[key], pages
    assert kept


def test_clients_own_types_take_anthropics_messages() -> None:
    """Each block is one that the SDK knows."""
    pydantic, types = pytest.importorskip("pydantic"), pytest.importorskip("anthropic.types")
    messages = pydantic.TypeAdapter(types.MessageParam)
    blocks = pydantic.TypeAdapter(types.ContentBlockParam)
    sent = write_folded(MessagesDialect(), spell_messages(ROUNDS)).body["messages"]
    for message in sent:
        messages.validate_python(message)
        for block in _list_blocks(message):
            blocks.validate_python(block)


def test_clients_own_types_take_items_of_responses() -> None:
    """Each item is one that the SDK knows, and so is each block in it."""
    pydantic = pytest.importorskip("pydantic")
    types = pytest.importorskip("openai.types.responses")
    items = pydantic.TypeAdapter(types.ResponseInputItemParam)
    blocks = pydantic.TypeAdapter(types.ResponseInputContentParam)
    for item in write_folded(ResponsesDialect(), spell_responses(ROUNDS)).body["input"]:
        items.validate_python(item)
        if item.get("role") == "user":
            for block in _list_blocks(item):
                blocks.validate_python(block)


def test_pages_are_the_files_that_were_drawn() -> None:
    """In Anthropic's spelling, byte for byte."""
    written = write_folded(MessagesDialect(), spell_messages(ROUNDS))
    sent = [block for block in _list_blocks(written.body["messages"][0]) if block["type"] == "image"]
    assert [base64.b64decode(block["source"]["data"]) for block in sent] == list_pages(written.plan)


def _list_blocks(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    content = message["content"]
    yield from content if isinstance(content, list) else ()
