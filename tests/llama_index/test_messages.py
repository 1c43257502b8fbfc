"""What LlamaIndex messages say as turns, how they are told apart, and that they come back as they were."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as some
from llama_index.core.base.llms.types import (
    AudioBlock,
    CacheControl,
    CachePoint,
    ChatMessage,
    CitableBlock,
    CitationBlock,
    ContentBlock,
    DocumentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    VideoBlock,
)
from llama_index.core.prompts import ChatPromptTemplate
from llama_index.memory.glyph import GlyphLLM, PageImageBlock, message_of, turn_of
from llama_index.memory.glyph.attached import load_block
from llama_index.memory.glyph.messages import key_of, name_of
from llama_index.memory.glyph.stored_messages import from_json, to_json, to_stored_turn
from openai.types.chat import ChatCompletionMessageToolCall
from openai.types.chat.chat_completion_message_tool_call import Function
from PIL import Image

from glyph_memory import ImagePart, ToolCall, Turn, TurnError
from glyph_memory.testing import ScriptedReader


@pytest.fixture
def png() -> bytes:
    """Return a small picture."""
    stream = BytesIO()
    Image.new("L", (28, 28), 255).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("system", "system"),
        ("developer", "system"),
        ("user", "user"),
        ("assistant", "assistant"),
        ("chatbot", "assistant"),
        ("model", "assistant"),
        ("tool", "tool"),
        ("function", "tool"),
    ],
)
def test_every_role_of_llama_index_is_one_of_ours(role: str, expected: str) -> None:
    """Its eight roles are four of ours."""
    assert turn_of(ChatMessage(role=role, content="x")).role == expected
    assert {each.value for each in MessageRole} == {
        "system", "developer", "user", "assistant", "function", "tool", "chatbot", "model"
    }  # fmt: skip


def test_texts_stand_in_order_and_reasoning_is_left_out() -> None:
    """Blocks of text are joined by line breaks, as `content` joins them."""
    blocks = [ThinkingBlock(content="hm"), TextBlock(text="One."), TextBlock(text="Two.")]
    message = ChatMessage(role="assistant", blocks=blocks)
    assert turn_of(message) == Turn(role="assistant", text="One.\nTwo.")
    assert message.content == "One.\nTwo."


@pytest.mark.parametrize("content", [None, "", []])
def test_a_message_may_say_nothing(content: object) -> None:
    """No content, an empty text, an empty list."""
    assert turn_of(ChatMessage(role="user", content=content)) == Turn(role="user")


def test_pictures_come_from_bytes_base64_paths_streams_and_data_urls(png: bytes, tmp_path: Path) -> None:
    """However a picture was given, the turn holds the file itself."""
    path, url = tmp_path / "a.png", f"data:image/png;base64,{base64.b64encode(png).decode()}"
    path.write_bytes(png)
    blocks: list[ContentBlock] = [
        ImageBlock(image=png),
        ImageBlock(image=base64.b64encode(png)),
        ImageBlock(image=BytesIO(png)),
        ImageBlock(path=path),
        ImageBlock(url=url),
    ]
    assert turn_of(ChatMessage(role="user", blocks=blocks)) == Turn(role="user", images=(png,) * 5)


def test_a_picture_that_is_elsewhere_is_an_attachment_and_one_that_is_gone_a_line(
    png: bytes, tmp_path: Path
) -> None:
    """Nothing is fetched, and a deleted file stops nobody."""
    path = tmp_path / "gone.png"
    path.write_bytes(png)
    gone, far = ImageBlock(path=path), ImageBlock(url="http://127.0.0.1:9/a.png")
    path.unlink()
    turn = turn_of(ChatMessage(role="user", blocks=[TextBlock(text="See:"), far, gone]))
    assert turn.images == ()
    assert [one.name for one in turn.attachments] == ["http://127.0.0.1:9/a.png"]
    assert load_block(turn.attachments[0].block) == far
    assert str(path) in turn.text.splitlines()[1]


def test_a_file_that_cannot_be_drawn_is_an_attachment_from_which_the_block_comes_back(tmp_path: Path) -> None:
    """With its name and type, whether its bytes are at hand, in a stream, in a file, or at an address."""
    path = tmp_path / "plan.pdf"
    path.write_bytes(b"%PDF-1.7 plan")
    at_hand = DocumentBlock(data=b"%PDF-1.7 plan", title="contract.pdf")
    blocks: list[ContentBlock] = [
        at_hand,
        DocumentBlock(path=path),
        DocumentBlock(
            data=BytesIO(b"%PDF-1.7 plan"), title="stream.pdf", document_mimetype="application/pdf"
        ),
        AudioBlock(audio=b"RIFF" + bytes(30), format="wav"),
        VideoBlock(video=bytes(30), video_mimetype="video/mp4"),
        VideoBlock(url="https://a.b/c.mp4?key=1", video_mimetype="video/mp4"),
    ]
    turn = turn_of(ChatMessage(role="user", blocks=[TextBlock(text="See:"), *blocks]))
    assert turn.text == "See:"
    assert [(one.name, one.media_type) for one in turn.attachments] == [
        ("contract.pdf", "application/pdf"),
        ("plan.pdf", "application/pdf"),
        ("stream.pdf", "application/pdf"),
        ("", "audio/wav"),
        ("", "video/mp4"),
        ("https://a.b/c.mp4", "video/mp4"),
    ]
    path.unlink()
    back = [load_block(one.block) for one in turn.attachments]
    assert [back[place] for place in (0, 3, 4, 5)] == [blocks[place] for place in (0, 3, 4, 5)]
    for document in back[:3]:
        assert isinstance(document, DocumentBlock)
        assert document.resolve_document().read() == b"%PDF-1.7 plan"
    assert message_of(turn).blocks[1:] == back


def test_somebody_elses_block_is_told_in_a_line() -> None:
    """As in a conversation of the core that another framework wrote; long data is cut."""
    block = load_block(json.dumps({"type": "file", "file": {"file_id": "f-1", "data": "A" * 900}}))
    assert isinstance(block, TextBlock)
    assert "f-1" in block.text
    assert len(block.text) < 200


@pytest.mark.parametrize(
    "block",
    [
        CitationBlock(
            title="Contract",
            source="drawer",
            cited_content=TextBlock(text="Paragraph 7."),
            additional_location_info={},
        ),
        CitableBlock(title="Contract", source="drawer", content=[TextBlock(text="Paragraph 7.")]),
    ],
    ids=lambda block: str(block.block_type),
)
def test_what_is_neither_text_nor_a_file_is_a_line_of_json(block: ContentBlock) -> None:
    """Its words can be drawn and found."""
    (line,) = turn_of(ChatMessage(role="user", blocks=[block])).text.splitlines()
    assert json.loads(line)["block_type"] == block.block_type
    assert "Paragraph 7." in line


def test_a_document_within_a_block_is_an_attachment_beside_the_blocks_words() -> None:
    """No base64 is drawn."""
    inner = DocumentBlock(data=bytes(3000), title="contract.pdf")
    citable = CitableBlock(title="Contract", source="drawer", content=[TextBlock(text="Paragraph 7."), inner])
    turn = turn_of(ChatMessage(role="user", blocks=[citable]))
    assert "Paragraph 7." in turn.text
    assert "AAAAAAAA" * 6 not in turn.text
    assert [load_block(one.block) for one in turn.attachments] == [inner]


def test_a_cache_point_says_nothing() -> None:
    """It is a sign for a server."""
    blocks = [TextBlock(text="x"), CachePoint(cache_control=CacheControl(type="ephemeral"))]
    assert turn_of(ChatMessage(role="user", blocks=blocks)).text == "x"


def openai_call() -> ChatCompletionMessageToolCall:
    """Return a call as OpenAI's client does."""
    return ChatCompletionMessageToolCall(
        id="c1", type="function", function=Function(name="look", arguments='{"what": "a"}')
    )


def test_calls_are_found_in_blocks_in_objects_and_in_dictionaries_alike() -> None:
    """OpenAILike writes them as blocks and, again, as objects; after JSON these are dictionaries; they count once."""
    block = ToolCallBlock(tool_call_id="c1", tool_name="look", tool_kwargs='{"what": "a"}')
    held = {"tool_calls": [openai_call()]}
    both = ChatMessage(role="assistant", blocks=[block], additional_kwargs=held)
    old = ChatMessage(role="assistant", blocks=[], additional_kwargs=held)
    expected = (ToolCall(name="look", arguments='{"what": "a"}', id="c1"),)
    for message in (both, old, from_json(to_json(both)), from_json(to_json(old))):
        assert turn_of(message).tool_calls == expected
    given = ChatMessage(
        role="assistant",
        blocks=[ToolCallBlock(tool_call_id="c1", tool_name="look", tool_kwargs={"what": "a"})],
    )
    assert turn_of(given).tool_calls == expected


def test_the_oldest_form_of_a_call_is_read_too() -> None:
    """`function_call` has no id."""
    message = ChatMessage(
        role="assistant", additional_kwargs={"function_call": {"name": "look", "arguments": "{}"}}
    )
    assert turn_of(message).tool_calls == (ToolCall(name="look", arguments="{}"),)


def test_a_result_says_whose_it_is() -> None:
    """The id stands in `additional_kwargs`."""
    message = ChatMessage(role="tool", content="42", additional_kwargs={"tool_call_id": "c1", "name": "look"})
    assert turn_of(message) == Turn(role="tool", text="42", tool_call_id="c1", name="look")


def every_difference(png: bytes) -> list[ChatMessage]:
    """Return messages of which each says something else."""
    call = ToolCallBlock(tool_call_id="c1", tool_name="look", tool_kwargs='{"what": "a"}')
    other = ToolCallBlock(tool_call_id="c1", tool_name="look", tool_kwargs='{"what": "b"}')
    return [
        ChatMessage(role="user", content="a"),
        ChatMessage(role="assistant", content="a"),
        ChatMessage(role="user", content="b"),
        ChatMessage(role="user", blocks=[TextBlock(text="a"), TextBlock(text="")]),
        ChatMessage(role="user", content="a", additional_kwargs={"name": "Ada"}),
        ChatMessage(role="user", blocks=[TextBlock(text="a"), ImageBlock(image=png)]),
        ChatMessage(role="user", blocks=[TextBlock(text="a"), ImageBlock(url="http://a/b.png")]),
        ChatMessage(role="tool", content="a", additional_kwargs={"tool_call_id": "c1"}),
        ChatMessage(role="tool", content="a", additional_kwargs={"tool_call_id": "c2"}),
        ChatMessage(role="assistant", blocks=[TextBlock(text="a"), call]),
        ChatMessage(role="assistant", blocks=[TextBlock(text="a"), other]),
        ChatMessage(role="assistant", content="a", additional_kwargs={"tool_calls": [openai_call()]}),
        ChatMessage(role="user", blocks=[AudioBlock(audio=b"RIFF", format="wav")]),
    ]


def test_keys_differ_where_messages_say_something_else_and_only_there(png: bytes) -> None:
    """Equal for a copy and after JSON; different for each of a dozen differences."""
    messages = every_difference(png)
    keys = [key_of(message) for message in messages]
    assert len(set(keys)) == len(messages)
    assert [key_of(copy.deepcopy(message)) for message in messages] == keys
    names = [name_of(message) for message in messages]
    assert [name_of(from_json(to_json(message))) for message in messages] == names


def test_a_message_that_is_changed_where_it_stands_has_another_key() -> None:
    """Messages are mutable: that it is the same object says nothing."""
    message = ChatMessage(role="user", content="a")
    before = key_of(message), name_of(message)
    message.blocks[0] = TextBlock(text="another")
    assert key_of(message) != before[0]
    assert name_of(message) != before[1]


def test_what_a_memory_notes_beside_a_message_changes_no_key() -> None:
    """LlamaIndex's `Memory` writes a session's id into messages that it moves."""
    plain = ChatMessage(role="user", content="a")
    noted = ChatMessage(role="user", content="a", additional_kwargs={"session_id": "s"})
    assert turn_of(plain) == turn_of(noted)
    assert name_of(plain) == name_of(noted)


def test_a_turn_with_its_origin_gives_the_message_back_exactly(png: bytes) -> None:
    """Kept as JSON, nothing of it is lost: detail, mime types, ids, further arguments, thoughts."""
    blocks: list[ContentBlock] = [
        ThinkingBlock(content="hm", num_tokens=3),
        TextBlock(text="a"),
        ImageBlock(image=png, detail="high"),
        ToolCallBlock(tool_call_id="c1", tool_name="look", tool_kwargs={"what": 1}),
    ]
    message = ChatMessage(role="assistant", blocks=blocks, additional_kwargs={"name": "Ada", "more": [1]})
    assert message_of(to_stored_turn(message)) == message
    turn = to_stored_turn(message)
    assert turn == Turn(
        **{**{f: getattr(turn_of(message), f) for f in Turn.__slots__}, "origin": turn.origin}
    )


def test_a_turn_without_origin_gives_a_message_that_says_the_same(png: bytes) -> None:
    """As for turns that came into a store another way."""
    call = ToolCall(name="look", arguments="{}", id="c1")
    for turn in (
        Turn(role="user", text="a", images=(png,), name="Ada"),
        Turn(role="assistant", text="", tool_calls=(call,)),
        Turn(role="tool", text="42", tool_call_id="c1"),
        Turn(role="assistant"),
    ):
        assert turn_of(message_of(turn)) == turn


def test_a_message_comes_back_from_json_though_its_file_is_gone(png: bytes, tmp_path: Path) -> None:
    """LlamaIndex refuses the message then, and with it the whole history."""
    path = tmp_path / "a.png"
    path.write_bytes(png)
    message = ChatMessage(role="user", blocks=[TextBlock(text="See:"), ImageBlock(path=path)])
    spelled = json.loads(json.dumps(to_json(message)))
    path.unlink()
    with pytest.raises(ValueError, match="path"):
        ChatMessage.model_validate(spelled)
    back = from_json(spelled)
    assert back.blocks[0] == TextBlock(text="See:")
    assert isinstance(back.blocks[1], ImageBlock)
    assert str(path) in turn_of(back).text


def test_a_stream_of_bytes_becomes_json(png: bytes) -> None:
    """A picture given as an open file is read, not refused."""
    message = ChatMessage(role="user", blocks=[ImageBlock(image=BytesIO(png))])
    assert turn_of(from_json(json.loads(json.dumps(to_json(message))))).images == (png,)


def test_what_json_cannot_hold_is_told_by_its_repr() -> None:
    """An integration's own objects in `additional_kwargs` stop nobody."""
    message = ChatMessage(role="user", content="a", additional_kwargs={"odd": {1}})
    assert json.loads(json.dumps(to_json(message)))["additional_kwargs"]["odd"] is not None


@given(text=some.text(), role=some.sampled_from(["user", "assistant", "system"]))
def test_any_text_comes_back_through_json(text: str, role: str) -> None:
    """Whatever characters: surrogates are none that JSON holds, and hypothesis makes none."""
    message = ChatMessage(role=role, content=text)
    assert message_of(to_stored_turn(message)) == message
    assert turn_of(message).text == text


# Pages as blocks.


@pytest.fixture
def page(png: bytes) -> PageImageBlock:
    """Return a page."""
    return PageImageBlock.of(ImagePart(data=png, size=(28, 28)), tokens=3, last_anchor=7)


async def test_a_page_knows_what_it_costs_without_being_looked_at(page: PageImageBlock) -> None:
    """LlamaIndex says 2,125 for any picture, and opens it first."""
    assert (page.estimate_tokens(), await page.aestimate_tokens(tokenizer=str)) == (3, 3)
    message = ChatMessage(role="user", blocks=[page, page])
    assert message.estimate_tokens() == 6
    assert ImageBlock(image=page.image).estimate_tokens() == 2125


def test_a_page_keeps_its_class_in_messages_copies_and_templates(page: PageImageBlock) -> None:
    """Only JSON makes it a plain image."""
    message = ChatMessage(role="user", blocks=[page, TextBlock(text="{query_str}")])
    (formatted,) = ChatPromptTemplate([copy.deepcopy(message)]).format_messages(query_str="Who?")
    block, text = formatted.blocks
    assert isinstance(block, PageImageBlock)
    assert (block.tokens, block.last_anchor, block.image) == (3, 7, page.image)
    assert text == TextBlock(text="Who?")
    assert page.get_template_vars() == []


def test_a_page_is_sent_byte_for_byte(page: PageImageBlock, png: bytes) -> None:
    """As base64 it is what it was, and as bytes, too."""
    assert page.resolve_image(as_base64=True).read() == base64.b64encode(png)
    assert page.resolve_image().read() == png
    assert page.inline_url() == f"data:image/png;base64,{base64.b64encode(png).decode()}"


def test_the_detector_of_page_bytes_fires(
    page: PageImageBlock, holds_pages: Callable[[object], bool]
) -> None:
    """The control for all tests that say there is none: as an object, as JSON, as bytes, as base64."""
    message = ChatMessage(role="user", blocks=[page])
    data = page.resolve_image().read()
    for held in (
        message,
        message.model_dump(),
        message.model_dump_json(),
        data,
        page.image,
        [page.inline_url()],
    ):
        assert holds_pages(held), type(held)
    assert not holds_pages({"path": "a.png"})


def test_a_page_is_printed_without_its_bytes() -> None:
    """Event loops print results when they are in trouble, and people print messages."""
    part = ImagePart(data=b"\x89PNG" * 1000, size=(28, 28))
    printed = repr(ChatMessage(role="user", blocks=[PageImageBlock.of(part, tokens=3)]))
    assert "5,336 bytes" in printed
    assert len(printed) < 300


_BROKEN = [
    {},
    {"image": b""},
    {"image": b"!!junk"},
    {"url": "data:image/png;base64,"},
    {"url": "data:image/png;base64,iVBORw0*KGgo" + "A" * 4000},
    {"url": "data:,hello"},
]


@pytest.mark.parametrize("held", _BROKEN, ids=str)
def test_a_broken_picture_is_never_its_base64_as_text(held: dict[str, Any]) -> None:
    """It is a picture that cannot be shown, which a reader refuses in one line; nor is it left out unseen."""
    message = ChatMessage(role="user", blocks=[TextBlock(text="Look."), ImageBlock(**held)])
    turn = turn_of(message)
    assert (turn.text, len(turn.images)) == ("Look.", 1)
    with pytest.raises(
        TurnError, match=r"^a picture of [\d,]+ bytes cannot be shown: it cannot be decoded; give a"
    ):
        GlyphLLM(reader=ScriptedReader([])).chat([message])


@pytest.mark.parametrize("is_base64", [True, False])
def test_a_percent_encoded_address_is_decoded(is_base64: bool) -> None:
    """As browsers spell it."""
    stream = BytesIO()
    Image.new("L", (3, 2)).save(stream, "PNG")
    spelled = base64.b64encode(stream.getvalue()) if is_base64 else stream.getvalue()
    block = ImageBlock(url=f"data:image/png{';base64' if is_base64 else ''},{quote(spelled, safe='')}")
    assert turn_of(ChatMessage(role="user", blocks=[block])).images == (stream.getvalue(),)
