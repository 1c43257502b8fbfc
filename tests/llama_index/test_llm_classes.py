"""LlamaIndex's classes of LLMs write what a memory gives into the requests of their servers; nothing is sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

import pytest
from llama_index.core.base.llms.types import (
    ChatMessage,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    ToolCallBlock,
)
from llama_index.llms.openai.utils import to_openai_message_dicts as _to_openai
from llama_index.memory.glyph import GlyphMemory, PageImageBlock, message_of
from PIL import Image

from glyph_memory import FoldPolicy
from glyph_memory.testing import agent_conversation

Seen = tuple[str, int, list[object]]
"""Of a message as a server is sent it: whose it is, how many pictures, and the arguments of its calls."""


def to_openai_message_dicts(messages: Sequence[ChatMessage], **options: Any) -> list[Any]:
    """Write messages as LlamaIndex does for OpenAI's interfaces."""
    return list(_to_openai(messages, **options))


def _png() -> bytes:
    stream = BytesIO()
    Image.new("L", (56, 56), 255).save(stream, "PNG")
    return stream.getvalue()


def _talk(*, files: bool) -> list[ChatMessage]:
    """Return a talk that ends with pictures of a user and of a tool, calls, and a file."""
    call = ToolCallBlock(tool_call_id="c1", tool_name="look", tool_kwargs='{"what":"gate"}')
    file = DocumentBlock(data=b"%PDF-1.4", title="a.pdf", document_mimetype="application/pdf")
    see = [TextBlock(text="See."), ImageBlock(image=_png()), *([file] if files else [])]
    result = [TextBlock(text="42"), ImageBlock(image=_png())]
    return [
        *(message_of(turn) for turn in agent_conversation(turns=40)),
        ChatMessage(role="user", blocks=see),
        ChatMessage(role="assistant", blocks=[TextBlock(text="Looking."), call]),
        ChatMessage(role="tool", blocks=result, additional_kwargs={"tool_call_id": "c1"}),
        ChatMessage(role="assistant", content="It is 42."),
        ChatMessage(role="user", content="Why?"),
    ]


def _list_parts(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = message.get("content") or []
    return content if isinstance(content, list) else []


def write_openai(messages: Sequence[ChatMessage]) -> list[Seen]:
    """Chat completions, as of `OpenAI`, `OpenAILike` and what is built on it: Groq, DeepSeek, OpenRouter and more."""
    return [
        (
            one["role"],
            sum(part["type"] == "image_url" for part in _list_parts(one)),
            [call["function"]["arguments"] for call in one.get("tool_calls") or []],
        )
        for one in to_openai_message_dicts(messages)
    ]


def write_responses(messages: Sequence[ChatMessage]) -> list[Seen]:
    """OpenAI's Responses."""
    return [
        (
            one.get("role", one.get("type")),
            sum(part["type"] == "input_image" for part in _list_parts(one)),
            [one["arguments"]] if one.get("type") == "function_call" else [],
        )
        for one in to_openai_message_dicts(messages, is_responses_api=True)
    ]


def write_ollama(messages: Sequence[ChatMessage]) -> list[Seen]:
    """Ollama, with its client's own check of messages."""
    ollama = pytest.importorskip("llama_index.llms.ollama", reason="llama-index-llms-ollama is not installed")
    client = pytest.importorskip("ollama._client", reason="Ollama's client is not installed")
    written = client._copy_messages(ollama.Ollama(model="glyph")._convert_to_ollama_messages(messages))
    return [
        (one.role, len(one.images or []), [call.function.arguments for call in one.tool_calls or []])
        for one in written
    ]


async def write_gemini(messages: Sequence[ChatMessage]) -> list[Seen]:
    """Google's Gemini."""
    reason = "llama-index-llms-google-genai is not installed"
    gemini = pytest.importorskip("llama_index.llms.google_genai.utils", reason=reason)
    last, params, _ = await gemini.prepare_chat_params("gemini-2.5-flash", [*messages], file_mode="inline")
    return [
        (
            one.role,
            sum(
                bool(part.inline_data and part.inline_data.mime_type.startswith("image/"))
                for part in one.parts
            ),
            [part.function_call.args for part in one.parts if part.function_call],
        )
        for one in [*params["history"], last]
    ]


def write_anthropic(messages: Sequence[ChatMessage]) -> list[Seen]:
    """Anthropic's; its release of today fails with any picture under anthropic 1 and later."""
    reason = "llama-index-llms-anthropic is not installed"
    ours = pytest.importorskip("llama_index.llms.anthropic.utils", reason=reason)
    if not pytest.importorskip("anthropic").__version__.startswith("0."):
        pytest.skip("llama-index-llms-anthropic writes no picture for this release of anthropic")
    written, _ = ours.messages_to_anthropic_messages(messages)
    return [
        (
            one["role"],
            sum(part["type"] == "image" for part in one["content"]),
            [part["input"] for part in one["content"] if part["type"] == "tool_use"],
        )
        for one in written
    ]


def write_bedrock(messages: Sequence[ChatMessage]) -> list[Seen]:
    """Bedrock's Converse."""
    reason = "llama-index-llms-bedrock-converse is not installed"
    bedrock = pytest.importorskip("llama_index.llms.bedrock_converse.utils", reason=reason)
    written, _ = bedrock.messages_to_converse_messages(messages, "any")
    return [
        (
            one["role"],
            sum("image" in part for part in one["content"]),
            [part["toolUse"]["input"] for part in one["content"] if "toolUse" in part],
        )
        for one in written
    ]


def write_mistral(messages: Sequence[ChatMessage]) -> list[Seen]:
    """Mistral's."""
    reason = "llama-index-llms-mistralai is not installed"
    mistral = pytest.importorskip("llama_index.llms.mistralai.base", reason=reason)
    return [
        (
            one.role,
            sum(part.type == "image_url" for part in one.content),
            [call.function.arguments for call in getattr(one, "tool_calls", None) or []],
        )
        for one in mistral.to_mistral_chatmessage(messages)
    ]


@pytest.mark.parametrize("files", [False, True], ids=["pictures", "files, too"])
@pytest.mark.parametrize(
    "write",
    [
        write_openai, write_responses, write_ollama, write_gemini, write_anthropic, write_bedrock, write_mistral
    ],
)  # fmt: skip
async def test_pages_are_a_users_pictures_and_arguments_objects(
    write: Callable[[Sequence[ChatMessage]], Any], files: bool, policy: FoldPolicy
) -> None:
    """System messages, pages, tools' calls, results and pictures, and files: in each class's own form."""
    messages = GlyphMemory.from_defaults(policy=policy, chat_history=_talk(files=files)).get()
    blocks = [block for message in messages for block in message.blocks]
    pages = sum(isinstance(block, PageImageBlock) for block in blocks)
    pictures = sum(isinstance(block, ImageBlock) for block in blocks)
    assert pages > 3
    assert pictures > pages
    try:
        seen = write(messages)
        seen = seen if isinstance(seen, list) else await seen
    except ValueError as error:
        if files and "DocumentBlock" in str(error):
            pytest.skip(f"takes no file, from nobody: {error}")
        raise
    assert sum(count for _, count, _ in seen) == pictures
    assert {role for role, count, _ in seen if count} == {"user"}
    calls = [arguments for _, _, given in seen for arguments in given]
    wanted = str if write in (write_openai, write_responses) else dict
    assert {"what": "gate"} in [json.loads(given) if wanted is str else given for given in calls]
    assert all(isinstance(arguments, wanted) for arguments in calls)


def test_a_class_that_sends_text_alone_sends_what_pages_say(policy: FoldPolicy) -> None:
    """Hugging Face's inference client; a page is neither announced there nor missed."""
    reason = "llama-index-llms-huggingface-api is not installed"
    hugging = pytest.importorskip("llama_index.llms.huggingface_api", reason=reason)
    talk = _talk(files=False)
    messages = GlyphMemory.from_defaults(policy=policy.with_window(40_000), chat_history=talk).get()
    llm = hugging.HuggingFaceInferenceAPI(
        model_name="zai-org/Glyph", provider="hf-inference", task="conversational"
    )
    text = " ".join(one["content"] for one in llm._to_huggingface_messages(messages))
    assert str(talk[1].content)[:40] in text
    assert "The images below" not in text


def test_pictures_on_the_wire_are_the_pages_byte_for_byte(policy: FoldPolicy) -> None:
    """Never encoded again: a prefix cache knows them by their bytes."""
    messages = GlyphMemory.from_defaults(policy=policy, chat_history=_talk(files=False)).get()
    (pages,) = [one for one in messages if any(isinstance(block, PageImageBlock) for block in one.blocks)]
    urls = [
        part["image_url"]["url"]
        for part in to_openai_message_dicts([pages])[0]["content"]
        if part["type"] == "image_url"
    ]
    held = [block.image for block in pages.blocks if isinstance(block, PageImageBlock)]
    assert urls == [f"data:image/png;base64,{data.decode()}" for data in held if isinstance(data, bytes)]
    assert all(base64.b64decode(url.partition(",")[2]).startswith(b"\x89PNG") for url in urls)
