"""How an upstream is asked for the code of a page: the body, in the client's dialect, and what its answer says. Pure.

What is sent begins as the client's own request does, so that the server's prefix cache has the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from glyph_memory.context import ask_page_code, plan_request
from glyph_memory.folding import RecentTurn
from glyph_memory.memory.history import FoldedHistory
from glyph_memory.readers import Reading, Usage
from glyph_memory.readers.openai.json_values import parse_object, read_mapping, read_string, read_text
from glyph_memory.readers.openai.reply import find_first_choice, read_reasoning
from glyph_memory.readers.reasoning import Splitter
from glyph_memory.serve.dialects.image_data import encode_body, hold_images
from glyph_memory.serve.dialects.units import ClientRequest, Dialect, Unit
from glyph_memory.serve.recall import add_tools
from glyph_memory.serve.recall.values import list_objects

_ANSWER_TOKENS = 1024
"""The longest answer: a code takes six letters, but some models reason first."""
_DROPPED = frozenset(
    {
        *("stream", "stream_options", "background", "n", "stop", "stop_sequences", "response_format", "text"),
        *("logprobs", "top_logprobs", "tool_choice", "parallel_tool_calls", "thinking", "metadata", "store"),
        *("max_tokens", "max_completion_tokens", "max_output_tokens"),
    }
)
"""What a client asks of an answer; it is no part of the prompt."""
_LENGTHS = {"chat": "max_tokens", "messages": "max_tokens", "responses": "max_output_tokens"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownPages:
    """What an upstream was shown of a conversation."""

    dialect: Dialect
    """How it is spelled."""
    request: ClientRequest = field(repr=False)
    """The client's latest request."""
    folded: FoldedHistory[Unit] = field(repr=False)
    """What was made of it."""
    can_recall: bool = False
    """Whether the model has `recall` and `zoom`."""


def make_code_body(shown: ShownPages, page: int) -> bytes:
    """Return a body that asks for the code of a page: the client's, with one question in place of recent turns.

    Tools stay, as templates write them before the pages; none may be called.

    Args:
        shown: What the upstream was shown.
        page: The page's number.
    """
    dialect, folded, binder = shown.dialect, shown.folded, shown.folded.folding.binder
    question = _spell_question(shown, page)
    with hold_images() as images:
        plan = plan_request(
            replace(folded.fold, tail=(RecentTurn(turn=question.units[0].turn, tokens=0),)),
            binder=binder,
            parts_of=lambda seal: folded.parts[seal.number],
            join_users=dialect.join_users,
            hoist_pictures=dialect.hoist_pictures,
            can_recall=shown.can_recall,
        )
        body = dialect.write(question, plan, question.units, binder=binder)
    if shown.can_recall:
        body = add_tools(body, dialect=dialect.name)
    return encode_body(_settle(body, dialect.name), images)


def _spell_question(shown: ShownPages, page: int) -> ClientRequest:
    """Return the client's request with a question as its last message, and as all that is recent."""
    dialect, request = shown.dialect, shown.request
    item = {"role": "user", "content": ask_page_code(page)}
    asked = dialect.read({"model": request.model, dialect.items_key: [item]})
    given = request.body.get(dialect.items_key)
    if asked is None or not isinstance(given, list):
        raise ValueError(f"a request in the dialect {dialect.name!r} was folded that has no list of messages")
    unit = replace(asked.units[0], message=len(given))
    return replace(request, body={**request.body, dialect.items_key: [*given, item]}, units=(unit,), last=())


def read_code_answer(data: bytes, dialect: Dialect) -> Reading:
    """Return what an answer says; an empty reading where it is none."""
    answer = parse_object(data) or {}
    text, reasoning, reason = _READERS[dialect.name](answer)
    return Reading(
        text=text,
        reasoning=reasoning,
        finish_reason=reason,
        usage=dialect.read_usage(answer) or Usage(),
    )


def _settle(body: Mapping[str, Any], dialect: str) -> dict[str, Any]:
    """Return a body whose answer comes at once, is short, and calls nothing."""
    kept = {name: value for name, value in body.items() if name not in _DROPPED}
    kept[_LENGTHS[dialect]] = _ANSWER_TOKENS
    if body.get("tools"):
        kept["tool_choice"] = {"type": "none"} if dialect == "messages" else "none"
    if dialect == "responses":
        kept["store"] = False
    return kept


def _read_chat(answer: dict[str, Any]) -> tuple[str, str, str | None]:
    choice = find_first_choice(answer) or {}
    message, splitter = read_mapping(choice.get("message")), Splitter()
    splitter.feed(read_text(message.get("content")), reasoning=read_reasoning(message))
    splitter.close()
    return splitter.text, splitter.reasoning, read_string(choice.get("finish_reason"))


def _read_messages(answer: dict[str, Any]) -> tuple[str, str, str | None]:
    blocks = list_objects(answer.get("content"))
    reason = "length" if answer.get("stop_reason") == "max_tokens" else "stop"
    return _join(blocks, "text"), _join(blocks, "thinking"), reason


def _read_responses(answer: dict[str, Any]) -> tuple[str, str, str | None]:
    items = list_objects(answer.get("output"))
    said = [
        part for item in items if item.get("type") == "message" for part in list_objects(item.get("content"))
    ]
    thought = any(item.get("type") == "reasoning" for item in items)
    reason = "length" if answer.get("status") == "incomplete" else "stop"
    return _join(said, "text"), "…" if thought else "", reason


def _join(parts: list[dict[str, Any]], name: str) -> str:
    return "".join(read_text(part.get(name)) for part in parts)


_READERS = {"chat": _read_chat, "messages": _read_messages, "responses": _read_responses}
