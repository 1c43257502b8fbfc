"""Messages of chat APIs, frameworks and data sets become the turns that a person would make of them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from glyph_memory import Attachment, ToolCall, Transcript, Turn, TurnError, read_message, read_messages
from glyph_memory.messages import message_key, message_name, write_fields
from glyph_memory.messages.blocks import read_content

PNG = b"\x89PNG\r\n\x1a\n and more"
BASE64 = base64.b64encode(PNG).decode()
CALL = ToolCall(name="read_log", arguments='{"day": 3}', id="c1")


def read(*messages: object) -> list[Turn]:
    """Return the turns of messages."""
    return [*read_messages(list(messages))]  # type: ignore[arg-type]  # whatever people write


def body(block: dict[str, Any]) -> Attachment:
    """Return the attachment that a block becomes."""
    (attachment,) = read({"role": "user", "content": [block]})[0].attachments
    assert json.loads(attachment.block) == block
    return attachment


# OpenAI.


def test_openai_messages_are_turns() -> None:
    """Text, a call, its result; null content is no text."""
    assert read(
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "What happened?", "name": "ann"},
        {
            "role": "assistant",
            "content": None,
            "refusal": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "read_log", "arguments": '{"day": 3}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "24 orders."},
    ) == [
        Turn(role="system", text="Be brief."),
        Turn(role="user", text="What happened?", name="ann"),
        Turn(role="assistant", tool_calls=(CALL,)),
        Turn(role="tool", text="24 orders.", tool_call_id="c1"),
    ]


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ({"id": "c1", "function": {"name": "read_log", "arguments": {"day": 3}}}, '{"day": 3}'),
        ({"id": "c1", "function": {"name": "read_log", "arguments": None}}, "{}"),
        ({"id": "c1", "function": {"name": "read_log"}}, "{}"),
        ({"id": "c1", "function": {"name": "read_log", "arguments": ""}}, ""),
        ({"id": "c1", "function": {"name": "read_log", "arguments": '{"day": '}}, '{"day": '),
        ({"id": "c1", "type": "custom", "custom": {"name": "read_log", "input": "day 3"}}, "day 3"),
        ({"id": "c1", "name": "read_log", "args": {"day": "é\ud800"}}, '{"day": "é\ud800"}'),
        ({"id": "c1", "name": "read_log", "arguments": "[]"}, "[]"),
        (CALL, CALL.arguments),
    ],
)
def test_arguments_are_kept_as_the_model_wrote_them_or_as_json(call: object, arguments: str) -> None:
    """Whoever spelled the call."""
    (turn,) = read({"role": "assistant", "content": None, "tool_calls": [call]})
    assert turn.tool_calls == (ToolCall(name="read_log", arguments=arguments, id="c1"),)


def test_the_first_kind_of_calls_is_read() -> None:
    """`function_call`, answered by a `function`."""
    assert read(
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "4"},
    ) == [
        Turn(role="assistant", tool_calls=(ToolCall(name="f", arguments="{}"),)),
        Turn(role="tool", text="4", name="f"),
    ]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("human", "user"),
        ("ai", "assistant"),
        ("model", "assistant"),
        ("developer", "system"),
        ("Function", "tool"),
    ],
)
def test_roles_have_many_names(name: str, role: str) -> None:
    """And four meanings."""
    assert read_message({"role": name, "content": "x"}).role == role


def test_blocks_of_text_are_put_together() -> None:
    """A user's on lines of their own, an assistant's as they run on; a mere string is one, too."""
    blocks = [{"type": "text", "text": "one"}, "two", {"type": "output_text", "text": "three"}]
    assert read_message({"role": "user", "content": blocks}).text == "one\ntwo\nthree"
    assert read_message({"role": "assistant", "content": blocks}).text == "onetwothree"


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{BASE64}"}},
        {"type": "image_url", "image_url": f"data:image/png;base64,{BASE64}"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{BASE64}"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BASE64}},
        {"type": "image", "base64": BASE64, "mime_type": "image/png"},
        {"type": "image", "source_type": "base64", "data": BASE64, "mime_type": "image/png"},
        {"type": "image", "url": f"data:image/png;base64,{BASE64}"},
    ],
    ids="-".join,
)
def test_pictures_at_hand_are_the_turns_pictures(block: dict[str, Any]) -> None:
    """In every provider's words."""
    turn = read_message({"role": "user", "content": [{"type": "text", "text": "look"}, block]})
    assert (turn.text, turn.images, turn.attachments) == ("look", (PNG,), ())


def test_ollamas_pictures_are_read() -> None:
    """Base64 beside the content; its calls have no id and arguments as an object."""
    turns = read(
        {"role": "user", "content": "look", "images": [BASE64]},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
        {"role": "tool", "content": "4", "tool_name": "f"},
    )
    assert turns[0].images == (PNG,)
    assert turns[1].tool_calls == (ToolCall(name="f", arguments="{}"),)
    assert turns[2].name == "f"


@pytest.mark.parametrize(
    ("block", "name", "media_type"),
    [
        ({"type": "image_url", "image_url": {"url": "https://x.org/cat.png"}}, "https://x.org/cat.png", ""),
        (
            {"type": "image", "source": {"type": "url", "url": "https://x.org/c.png"}},
            "https://x.org/c.png",
            "",
        ),
        ({"type": "image", "url": "https://x.org/cat.png"}, "https://x.org/cat.png", ""),
        ({"type": "input_image", "file_id": "file-7"}, "file-7", ""),
        ({"type": "image", "source": {"type": "file", "file_id": "file-7"}}, "file-7", ""),
        ({"type": "file", "file": {"file_id": "file-7"}}, "file-7", ""),
        (
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}},
            "a.pdf",
            "application/pdf",
        ),
        (
            {
                "type": "document",
                "title": "A contract",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
            },
            "A contract",
            "application/pdf",
        ),
        ({"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}, "", "audio/wav"),
        ({"type": "audio", "base64": "UklG", "mime_type": "audio/wav"}, "", "audio/wav"),
        ({"type": "video_url", "video_url": {"url": "https://x.org/v.mp4"}}, "https://x.org/v.mp4", ""),
        ({"type": "image", "base64": "PHN2Zz4=", "mime_type": "image/svg+xml"}, "", "image/svg+xml"),
        ({"type": "web_search_tool_result", "tool_use_id": "x", "content": []}, "", ""),
        ({"what": "ever"}, "", ""),
    ],
    ids=str,
)
def test_what_cannot_be_drawn_is_attached_as_it_came(
    block: dict[str, Any], name: str, media_type: str
) -> None:
    """Files, sound, films, pictures that are elsewhere, and blocks that nobody knows yet."""
    attachment = body(block)
    assert (attachment.name, attachment.media_type) == (name, media_type)


def test_documents_that_are_text_are_text() -> None:
    """They can be searched and drawn."""
    block = {"type": "document", "title": "Terms", "source": {"type": "text", "data": "Pay at once."}}
    assert read_message({"role": "user", "content": [block]}).text == "Terms\nPay at once."


def test_a_refusal_and_a_spoken_answer_are_what_was_said() -> None:
    """Beside null content."""
    assert (
        read_message({"role": "assistant", "content": None, "refusal": "I will not."}).text == "I will not."
    )
    spoken = read_message(
        {"role": "assistant", "content": None, "audio": {"id": "a1", "transcript": "Hello."}}
    )
    assert (spoken.text, len(spoken.attachments)) == ("Hello.", 1)


def test_items_of_the_responses_api_are_read() -> None:
    """Calls belong to the message before them; reasoning is left out."""
    assert read(
        {"role": "user", "content": [{"type": "input_text", "text": "?"}]},
        {"type": "reasoning", "id": "r", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look."}]},
        {"type": "function_call", "id": "i1", "call_id": "c1", "name": "read_log", "arguments": '{"day": 3}'},
        {"type": "function_call", "id": "i2", "call_id": "c2", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "24"},
        {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "x"}]},
    ) == [
        Turn(role="user", text="?"),
        Turn(
            role="assistant",
            text="I look.",
            tool_calls=(CALL, ToolCall(name="f", arguments="{}", id="c2")),
        ),
        Turn(role="tool", text="24", tool_call_id="c1"),
        Turn(role="tool", text="x", tool_call_id="c2"),
    ]


# Anthropic.


def test_anthropics_conversation_is_turns() -> None:
    """The system's text stands beside the messages; results stand in a user's message, and thinking is left out."""
    talk = read_messages(
        {
            "model": "any",
            "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
            "messages": [
                {"role": "user", "content": "What happened?"},
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
                        {"type": "text", "text": "I look."},
                        {"type": "tool_use", "id": "c1", "name": "read_log", "input": {"day": 3}},
                        {"type": "tool_use", "id": "c2", "name": "f", "input": {}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "c1", "content": "24 orders."},
                        {
                            "type": "tool_result",
                            "tool_use_id": "c2",
                            "content": [
                                {"type": "text", "text": "a plot"},
                                {"type": "image", "source": {"type": "base64", "data": BASE64}},
                            ],
                        },
                        {"type": "text", "text": "And now?"},
                    ],
                },
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c3"}]},
            ],
        }
    )
    assert talk == Transcript((
        Turn(role="system", text="Be brief."),
        Turn(role="user", text="What happened?"),
        Turn(role="assistant", text="I look.", tool_calls=(CALL, ToolCall(name="f", arguments="{}", id="c2"))),
        Turn(role="tool", text="24 orders.", tool_call_id="c1"),
        Turn(role="tool", text="a plot", tool_call_id="c2", images=(PNG,)),
        Turn(role="user", text="And now?"),
        Turn(role="tool", tool_call_id="c3"),
    ))  # fmt: skip


# LangChain.


@pytest.mark.parametrize(
    "message",
    [
        {"type": "human", "content": "Hi", "id": "m1"},
        {"type": "human", "data": {"content": "Hi", "type": "human", "id": "m1", "additional_kwargs": {}}},
        {
            "lc": 1,
            "type": "constructor",
            "id": ["langchain", "schema", "messages", "HumanMessage"],
            "kwargs": {"content": "Hi", "type": "human", "id": "m1"},
        },
        {
            "lc": 1,
            "type": "constructor",
            "id": ["langchain", "schema", "messages", "HumanMessageChunk"],
            "kwargs": {"content": "Hi", "id": "m1"},
        },
        {"type": "HumanMessageChunk", "content": "Hi", "id": "m1"},
        {"type": "chat", "role": "human", "content": "Hi", "id": "m1"},
    ],
    ids=str,
)
def test_langchains_json_is_read_in_all_its_forms(message: dict[str, Any]) -> None:
    """`messages_to_dict`, `dumpd`, a plain dump, chunks."""
    assert read(message) == [Turn(role="user", text="Hi", id="m1")]


def test_langchains_calls_are_not_read_twice() -> None:
    """They stand in the content, too, in the provider's words; broken ones are kept as they were written."""
    (turn,) = read(
        {
            "type": "ai",
            "content": ["x", {"type": "tool_use", "id": "c1", "name": "read_log", "input": {}}],
            "tool_calls": [{"name": "read_log", "args": {"day": 3}, "id": "c1", "type": "tool_call"}],
            "invalid_tool_calls": [{"name": "f", "args": '{"a', "id": "c2", "error": "no JSON"}],
        }
    )  # fmt: skip
    assert turn == Turn(
        role="assistant", text="x", tool_calls=(CALL, ToolCall(name="f", arguments='{"a', id="c2"))
    )
    old = {
        "type": "ai",
        "content": "",
        "additional_kwargs": {"function_call": {"name": "f", "arguments": "{}"}},
    }
    assert read(old)[0].tool_calls == (ToolCall(name="f", arguments="{}"),)


def test_speakers_of_their_own_are_users_with_a_name() -> None:
    """A `ChatMessage` may be anybody's."""
    assert read({"type": "chat", "role": "referee", "content": "Foul."}) == [
        Turn(role="user", text="Foul.", name="referee")
    ]


# ShareGPT.


def test_sharegpts_records_are_turns() -> None:
    """Calls are JSON in a text; what is none stays text."""
    talk = read_messages(
        {
            "system": "Be brief.",
            "conversations": [
                {"from": "human", "value": "What happened?"},
                {"from": "function_call", "value": '{"name": "read_log", "arguments": {"day": 3}}'},
                {"from": "observation", "value": "24 orders."},
                {"from": "gpt", "value": "Nothing."},
                {"from": "function_call", "value": "no call"},
            ],
        }
    )
    assert talk == Transcript((
        Turn(role="system", text="Be brief."),
        Turn(role="user", text="What happened?"),
        Turn(role="assistant", tool_calls=(ToolCall(name="read_log", arguments='{"day": 3}'),)),
        Turn(role="tool", text="24 orders."),
        Turn(role="assistant", text="Nothing."),
        Turn(role="assistant", text="no call"),
    ))  # fmt: skip


# Many.

HELLO = {"role": "user", "content": "Hello."}
TURN = Turn(role="user", text="Hello.")


@pytest.mark.parametrize(
    "given",
    [
        [HELLO, TURN],
        (HELLO, TURN),
        iter([HELLO, TURN]),
        Transcript((TURN, TURN)),
        {"messages": [HELLO, HELLO]},
        {"conversations": [HELLO, HELLO]},
        [{"messages": [HELLO]}, {"conversations": [HELLO]}],
        json.dumps([HELLO, HELLO]),
        json.dumps({"messages": [HELLO, HELLO]}, indent=2),
        f"{json.dumps(HELLO)}\n\n{json.dumps(HELLO)}\n",
        f"{json.dumps({'messages': [HELLO]})}\r\n{json.dumps([HELLO])}",
    ],
)
def test_many_messages_come_in_many_wrappings(given: Any) -> None:
    """Lists, bodies of requests, JSON, JSON lines, and turns among them."""
    assert [*read_messages(given)] == [TURN, TURN]


def test_an_answer_of_a_client_is_a_message() -> None:
    """A pydantic model, as OpenAI's and Anthropic's clients give, or the whole body."""

    class Model:
        def __init__(self, **fields: object) -> None:
            self.fields = fields

        def model_dump(self) -> dict[str, object]:
            return self.fields

    called = Model(id="c1", type="function", function={"name": "read_log", "arguments": '{"day": 3}'})
    message = Model(role="assistant", content=None, tool_calls=[called], audio=None)
    wanted = Turn(role="assistant", tool_calls=(CALL,))
    assert read_message(message) == wanted
    assert read_message({"role": "assistant", "content": None, "tool_calls": [called]}) == wanted
    assert read_message({"object": "chat.completion", "choices": [{"message": message}]}) == wanted
    two = {"choices": [{"message": message}, {"message": message}]}
    with pytest.raises(TurnError, match="2 choices"):
        read_message(two)


def test_our_own_lines_are_messages() -> None:
    """Whatever a turn holds, its fields make it again."""
    turn = Turn(
        role="assistant",
        text="a\ud800\0",
        name="",
        tool_calls=(CALL,),
        tool_call_id="",
        images=(PNG, b""),
        attachments=(Attachment(block='{"type": "file"}', name="a.pdf"), Attachment(block="{ }")),
        time=datetime(1, 1, 1, tzinfo=UTC),
        id="t 1",
        pinned=True,
        anchor=7,
        origin="{}",
    )
    assert read_message(json.loads(json.dumps(write_fields(turn)))) == turn
    assert read_message(write_fields(Turn(role="user"))) == Turn(role="user")


def test_a_message_of_several_turns_is_told_as_such() -> None:
    """`read_message` gives one."""
    results = [{"type": "tool_result", "tool_use_id": name, "content": "x"} for name in "ab"]
    with pytest.raises(TurnError, match=r"makes 2 turns.*read_messages"):
        read_message({"role": "user", "content": results})
    with pytest.raises(TurnError, match="says nothing"):
        read_message({"type": "reasoning", "summary": []})
    split = read({"role": "user", "content": results, "id": "m1"})
    assert [turn.id for turn in split] == ["m1/1", "m1/2"]


def test_keys_and_names_tell_messages_apart() -> None:
    """What says the same has the same."""
    other = {"role": "user", "content": [{"type": "text", "text": "Hello."}]}
    assert message_key(HELLO) == message_key({**HELLO})
    assert len({message_key(HELLO), message_key(other), message_key(TURN)}) == 3
    assert message_name({"id": "m1"}) == message_name(Turn(role="user", id="m1")) == "m1"
    assert message_name(HELLO) == message_name({**HELLO}) != message_name(other)


def test_what_stands_in_a_block_of_text_beside_it_is_kept() -> None:
    """Some put a picture into the block of its caption: both are pieces, and nothing is dropped."""
    data = base64.b64encode(b"\x89PNG").decode()
    block = {"type": "text", "text": "t", "image_url": {"url": f"data:image/png;base64,{data}"}}
    assert list(read_content([block])) == ["t", b"\x89PNG"]
    away = {"type": "text", "text": "t", "image_url": {"url": "https://example.org/a.png"}}
    text, attached = read_content([away])
    assert text == "t"
    assert isinstance(attached, Attachment)
    assert attached.name == "https://example.org/a.png"
