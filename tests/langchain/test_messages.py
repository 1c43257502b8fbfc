"""Claims about LangChain's messages as turns, and back."""

from __future__ import annotations

import base64
import io
from typing import Any
from urllib.parse import quote

import pytest
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_glyph_memory import ChatGlyph, fold_messages
from langchain_glyph_memory.blocks import image_block
from langchain_glyph_memory.messages import key_of, message_of, name_of, to_message, to_stored_turn, turn_of
from PIL import Image

from glyph_memory import (
    Context,
    FoldPolicy,
    GlyphMemoryWarning,
    ImagePart,
    ToolCall,
    Turn,
    TurnError,
    typeset,
)
from glyph_memory.testing import ScriptedReader


def _png() -> bytes:
    stream = io.BytesIO()
    Image.new("L", (3, 2)).save(stream, "PNG")
    return stream.getvalue()


PNG = _png()
B64 = base64.b64encode(PNG).decode()
URL = f"data:image/png;base64,{B64}"


@pytest.mark.parametrize(
    ("message", "role", "name"),
    [
        (SystemMessage("s"), "system", None),
        (HumanMessage("s", name="Ada"), "user", "Ada"),
        (AIMessage("s"), "assistant", None),
        (AIMessageChunk(content="s"), "assistant", None),
        (ToolMessage("s", tool_call_id="1", name="look_up"), "tool", "look_up"),
        (FunctionMessage(content="s", name="look_up"), "tool", "look_up"),
        (ChatMessage(content="s", role="assistant"), "assistant", None),
        (ChatMessage(content="s", role="developer"), "system", None),
        (ChatMessage(content="s", role="critic"), "user", "critic"),
    ],
)
def test_every_kind_of_message_has_a_speaker(message: BaseMessage, role: str, name: str | None) -> None:
    """Whoever is unknown is a user with a name."""
    turn = turn_of(message)
    assert (turn.role, turn.name, turn.text) == (role, name, "s")


def test_a_message_that_says_nothing_is_refused() -> None:
    """A `RemoveMessage` is an order to the reducer; the error says what to do with it."""
    with pytest.raises(TypeError, match="add_messages"):
        turn_of(RemoveMessage(id="1"))


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "base64": B64, "mime_type": "image/png"},
        {"type": "image", "base64": B64},
        {"type": "image", "url": URL},
        {"type": "image", "source_type": "base64", "data": B64, "mime_type": "image/png"},
        {"type": "image_url", "image_url": {"url": URL, "detail": "high"}},
        {"type": "image_url", "image_url": URL},
        {"type": "input_image", "image_url": URL},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": B64}},
        {"type": "media", "mime_type": "image/png", "data": PNG},
        {"type": "file", "mime_type": "image/png", "base64": B64},
        {"type": "non_standard", "value": {"type": "image_url", "image_url": {"url": URL}}},
        {"image": {"format": "png", "source": {"bytes": PNG}}},
        {"type": "image", "base64": B64.rstrip("=").replace("+", "-").replace("/", "_")},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{quote(B64, safe='')}"}},
        {"type": "image", "url": f"data:image/png,{quote(PNG)}"},
        {"type": "image", "base64": "", "url": URL},
    ],
)
def test_a_picture_at_hand_becomes_the_turns(block: dict[str, Any]) -> None:
    """In whatever shape a provider writes it."""
    turn = turn_of(HumanMessage([{"type": "text", "text": "Look:"}, block]))
    assert (turn.text, turn.images) == ("Look:", (PNG,))


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "base64": "no base64!", "mime_type": "image/png"},
        {"type": "image", "base64": "", "mime_type": "image/png"},
        {"type": "image", "base64": None, "mime_type": "image/png"},
        {"type": "image_url", "image_url": None},
        {"type": "image_url", "image_url": {"url": None}},
        {"type": "image_url", "image_url": {"url": ""}},
        {"type": "image_url", "image_url": {"url": "data:,hello"}},
        {
            "type": "image_url",
            "image_url": {"url": f"data:image/png;base64,{B64[:40]}*{B64[40:]}" + "A" * 4000},
        },
    ],
)
def test_a_broken_picture_is_never_its_base64_as_text(block: dict[str, Any]) -> None:
    """It is a picture that cannot be shown: a reader refuses it in one line, and on pages a line stands for it."""
    message = HumanMessage(["Before.", block])
    turn = turn_of(message)
    assert (turn.text, len(turn.images), turn.attachments) == ("Before.", 1, ())
    with pytest.raises(
        TurnError, match=r"^a picture of [\d,]+ bytes cannot be shown: it cannot be decoded; give a"
    ):
        ChatGlyph(reader=ScriptedReader([])).invoke([message])


def test_where_a_broken_picture_is_on_a_page_a_line_says_so() -> None:
    """And none of its base64 is drawn."""
    broken = {"type": "image_url", "image_url": {"url": "data:image/png;base64,*" + "A" * 200_000}}
    said = [HumanMessage(["Before.", broken]), *(AIMessage(f"{n}: " + "word " * 400) for n in range(12))]
    folded = fold_messages(said, policy=FoldPolicy(window_tokens=8192, keep_recent_tokens=400))
    spelled = str([one.content for one in folded])
    assert "its picture 1 cannot be shown" in spelled
    assert 1 < spelled.count("'base64'") < 9


@pytest.mark.parametrize(
    ("block", "line"),
    [
        (
            {"type": "own", "at": f"see data:image/png;base64,{'A%2B' * 1000} there"},
            '{"type": "own", "at": "see <4,022 characters of data> there"}',
        ),
        (
            {"type": "server_tool_use", "data": "A" * 4000},
            '{"type": "server_tool_use", "data": "<4,000 characters of data>"}',
        ),
        ({"type": "own", "held": b"four"}, '{"type": "own", "held": "<4 bytes>"}'),
        ({"kind": "own", "text": "words " * 99}, '{"kind": "own", "text": "' + "words " * 99 + '"}'),
        ({"type": "text", "text": None}, '{"type": "text", "text": null}'),
        (
            {"type": "tool_use", "id": "other", "name": "f"},
            '{"type": "tool_use", "id": "other", "name": "f"}',
        ),
    ],
)
def test_what_cannot_be_shown_is_told_in_a_line_of_its_own(block: dict[str, Any], line: str) -> None:
    """Nothing is dropped unseen; only long runs of data are counted instead of repeated."""
    assert turn_of(HumanMessage(["Before.", block, "After."])).text == f"Before.\n{line}\nAfter."


PDF = base64.b64encode(b"%PDF-1.7 /Type /Page").decode()


@pytest.mark.parametrize(
    ("block", "name", "media_type"),
    [
        ({"type": "image", "url": "https://a.b/c.png?key=1"}, "https://a.b/c.png", ""),
        ({"type": "image_url", "image_url": {"url": "https://a.b/c.png"}}, "https://a.b/c.png", ""),
        ({"type": "input_image", "image_url": "https://a.b/c.png"}, "https://a.b/c.png", ""),
        ({"type": "image", "file_id": "f-1"}, "f-1", ""),
        (
            {
                "type": "file",
                "base64": PDF,
                "mime_type": "application/pdf",
                "filename": "a.pdf",
                "id": "lc_1",
            },
            "a.pdf",
            "application/pdf",
        ),
        (
            {"type": "file", "base64": PDF, "mime_type": "application/pdf", "id": "lc_1"},
            "",
            "application/pdf",
        ),
        (
            {
                "type": "file",
                "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"},
            },
            "a.pdf",
            "",
        ),
        ({"type": "file", "source_type": "id", "id": "file-7"}, "file-7", ""),
        (
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}},
            "",
            "application/pdf",
        ),
        ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}, "", ""),
        ({"type": "audio", "base64": "A" * 4000, "mime_type": "audio/wav"}, "", "audio/wav"),
        ({"type": "video_url", "video_url": {"url": "https://a.b/c.mp4"}}, "https://a.b/c.mp4", ""),
        (
            {"type": "media", "mime_type": "video/mp4", "file_uri": "gs://a/b.mp4"},
            "gs://a/b.mp4",
            "video/mp4",
        ),
        ({"type": "file", "data": b"%PDF\x00", "mime_type": "application/pdf"}, "", "application/pdf"),
        ({"document": {"format": "pdf", "name": "a", "source": {"bytes": b"%PDF"}}}, "a", ""),
        ({"type": "non_standard", "value": {"type": "file", "file_id": "f-1"}}, "f-1", ""),
    ],
)
def test_what_cannot_be_drawn_is_an_attachment_from_which_the_block_comes_back(
    block: dict[str, Any], name: str, media_type: str
) -> None:
    """In whatever shape a provider writes it, bytes and all; nothing of it stands in the text."""
    turn = turn_of(HumanMessage(["Before.", block, "After."]))
    (attachment,) = turn.attachments
    assert (turn.text, turn.images) == ("Before.\nAfter.", ())
    assert (attachment.name, attachment.media_type) == (name, media_type)
    assert to_message(turn).content == [{"type": "text", "text": turn.text}, block]


def test_a_document_that_is_given_as_text_is_text() -> None:
    """It can be drawn, searched and recalled like any other."""
    source = {"type": "text", "media_type": "text/plain", "data": "The code is 4711-B."}
    turn = turn_of(HumanMessage([{"type": "document", "title": "Gate", "source": source}]))
    assert (turn.text, turn.attachments) == ("Gate\nThe code is 4711-B.", ())


@pytest.mark.parametrize(
    "block",
    [
        {"type": "reasoning", "reasoning": "hm"},
        {"type": "thinking", "thinking": "hm", "signature": "x"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
        {"type": "tool_call", "id": "c1", "name": "f", "args": {}},
        {"type": "function_call", "call_id": "c1", "id": "fc", "name": "f"},
        {"type": "non_standard", "value": {"type": "thinking", "thinking": "hm"}},
    ],
)
def test_reasoning_and_repeated_calls_are_left_out(block: dict[str, Any]) -> None:
    """A call that stands among `tool_calls` is told once."""
    said: list[str | dict[str, Any]] = [
        {"type": "text", "text": "One, "},
        block,
        {"type": "text", "text": "two."},
    ]
    message = AIMessage(said, tool_calls=[{"name": "f", "args": {}, "id": "c1"}])
    assert turn_of(message).text == "One, two."


def test_parts_of_an_answer_run_on_and_parts_of_others_begin_a_line() -> None:
    """Providers cut one sentence of an answer into blocks; people put separate things into them."""
    blocks: list[str | dict[Any, Any]] = ["one", {"type": "text", "text": "two"}]
    assert turn_of(AIMessage(blocks)).text == "onetwo"
    assert turn_of(HumanMessage(blocks)).text == "one\ntwo"


@pytest.mark.parametrize("content", ["", []])
def test_a_message_may_be_empty(content: Any) -> None:
    """As an answer is that only calls tools."""
    assert turn_of(AIMessage(content)).text == ""


def test_calls_are_kept_as_the_model_wrote_them() -> None:
    """Those that could not be read, too; letters beyond ASCII stay letters."""
    message = AIMessage(
        "",
        tool_calls=[{"name": "f", "args": {"city": "Orléans"}, "id": "1"}],
        invalid_tool_calls=[{"name": "g", "args": '{"a": ', "id": "2", "error": "cut off"}],
    )
    assert turn_of(message).tool_calls == (
        ToolCall(name="f", arguments='{"city": "Orléans"}', id="1"),
        ToolCall(name="g", arguments='{"a": ', id="2"),
    )
    old = AIMessage("", additional_kwargs={"function_call": {"name": "h", "arguments": "{}"}})
    assert turn_of(old).tool_calls == (ToolCall(name="h", arguments="{}"),)


def test_what_is_not_sent_is_not_shown() -> None:
    """An artifact, metadata and further arguments stay on the message."""
    message = ToolMessage("ok", tool_call_id="1", artifact={"secret": 1}, additional_kwargs={"x": 1}, id="m")
    assert turn_of(message) == Turn(role="tool", text="ok", tool_call_id="1", id="m")


CALLS = [{"name": "f", "args": {"a": [1, {"b": "c"}]}, "id": "1"}]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (HumanMessage("a"), HumanMessage("b")),
        (HumanMessage("a"), AIMessage("a")),
        (HumanMessage("a", name="Ada"), HumanMessage("a")),
        (HumanMessage("a"), HumanMessage(["a"])),
        (HumanMessage([{"type": "image", "base64": "A"}]), HumanMessage([{"type": "image", "base64": "B"}])),
        (ChatMessage(content="a", role="user"), ChatMessage(content="a", role="critic")),
        (ToolMessage("a", tool_call_id="1"), ToolMessage("a", tool_call_id="2")),
        (AIMessage("a", tool_calls=CALLS), AIMessage("a")),
        (AIMessage("", tool_calls=CALLS), AIMessage("", tool_calls=[{**CALLS[0], "args": {"a": [1]}}])),
        *(
            (
                AIMessage("", tool_calls=[{"name": "f", "args": {"a": one}, "id": "1"}]),
                AIMessage("", tool_calls=[{"name": "f", "args": {"a": other}, "id": "1"}]),
            )
            for one, other in ((1, "1"), ([True], ["True"]), (None, "None"), ({"list": "a"}, ["a"]))
        ),
        (
            AIMessage("", invalid_tool_calls=[{"name": "f", "args": "{", "id": "1", "error": ""}]),
            AIMessage("", invalid_tool_calls=[{"name": "f", "args": "[", "id": "1", "error": ""}]),
        ),
    ],
)
def test_keys_differ_where_messages_say_something_else(one: BaseMessage, other: BaseMessage) -> None:
    """And are the same for a copy, as a checkpoint gives it back."""
    assert key_of(one) != key_of(other)
    assert key_of(one) == key_of(one.model_copy(deep=True))
    assert hash(key_of(one)) == hash(key_of(one.model_copy(deep=True)))


def test_a_message_without_an_id_has_a_name_that_stands_for_it_everywhere() -> None:
    """Its id where it has one, else a digest, the same in every process."""
    assert name_of(HumanMessage("a", id="m-1")) == "m-1"
    assert name_of(HumanMessage("a")) == "62514efeb5dae54d"
    assert name_of(HumanMessage("a")) == name_of(HumanMessage("a")) != name_of(AIMessage("a"))


@pytest.mark.parametrize(
    "message",
    [
        SystemMessage("Be brief.", id="1"),
        HumanMessage([{"type": "text", "text": "x"}, {"type": "image", "url": "https://a.b/c"}], name="Ada"),
        AIMessage(
            "", tool_calls=CALLS, usage_metadata={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
        ),
        AIMessage("", invalid_tool_calls=[{"name": "f", "args": "{", "id": "1", "error": "e"}]),
        ToolMessage("x", tool_call_id="1", artifact={"raw": [1, b"\x00"]}, status="error", name="f"),
        ChatMessage(content="x", role="critic", additional_kwargs={"a": {"b": 1}}),
        HumanMessage("a lone surrogate: \ud800", response_metadata={"x": None}),
        FunctionMessage(content="x", name="f"),
    ],
)
def test_a_message_comes_back_as_it_was(message: BaseMessage) -> None:
    """With everything that was on it, from the turn that a store keeps."""
    back = message_of(to_stored_turn(message))
    assert (type(back), back) == (type(message), message)


def test_what_json_cannot_keep_is_told() -> None:
    """An object in an artifact is kept as its description, and the user learns of it."""
    with pytest.warns(GlyphMemoryWarning, match="complex"):
        turn = to_stored_turn(ToolMessage("x", tool_call_id="1", id="m", artifact=1j))
    back = message_of(turn)
    assert isinstance(back, ToolMessage)
    assert (back.content, back.artifact) == ("x", "1j")


def test_a_turn_from_elsewhere_becomes_a_message() -> None:
    """One without a message behind it, or with one of another framework."""
    turn = Turn(
        role="assistant", text="x", tool_calls=(ToolCall(name="f", arguments='{"a": 1}', id="1"),), id="m"
    )
    call = {"name": "f", "args": {"a": 1}, "id": "1", "type": "tool_call"}
    expected = AIMessage("x", tool_calls=[call], id="m")
    assert message_of(turn) == expected
    assert message_of(Turn(role="assistant", text="x", origin='{"role": "assistant"}')) == AIMessage("x")
    cut = to_message(Turn(role="assistant", tool_calls=(ToolCall(name="f", arguments='{"a"', id="1"),)))
    assert isinstance(cut, AIMessage)
    assert [raw["args"] for raw in cut.invalid_tool_calls] == ['{"a"']


def test_pages_are_standard_blocks_that_are_the_same_every_time() -> None:
    """Without the random id that `create_image_block` puts on: it would defeat every cache."""
    (message,) = Context.of("Who?", pages=typeset("Ada signed.")).messages
    blocks = to_message(message).content
    assert [block["type"] for block in blocks if isinstance(block, dict)] == ["text", "text", "image", "text"]
    image = next(block for block in blocks if isinstance(block, dict) and block["type"] == "image")
    assert image.keys() == {"type", "base64", "mime_type"}
    part = next(part for part in message.parts if isinstance(part, ImagePart))
    assert base64.b64decode(image["base64"]) == part.data
    assert image == image_block(part)


def test_text_alone_is_a_string() -> None:
    """Which every server's template takes."""
    (message,) = Context.of("Who?", pages=[]).messages
    assert to_message(message) == HumanMessage("Who?")
    assert to_message(Turn(role="user", text="x", images=(PNG,))).content == [
        {"type": "text", "text": "x"},
        {"type": "image", "base64": B64, "mime_type": "image/png"},
    ]
