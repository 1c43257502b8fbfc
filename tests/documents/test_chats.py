"""Exports of chats are read turn by turn; what they hold beside what was said is kept or told."""

from __future__ import annotations

import base64
import json

import pytest

from glyph_memory.documents import Document, load

CALL = {"id": "c1", "type": "function", "function": {"name": "ls", "arguments": '{"path": "."}'}}
TALK: list[dict[str, object]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is there?\n  Indented."},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "a.txt"},
    {"role": "assistant", "content": "One file."},
]
SHARED = {"id": 7, "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello."}]}


def load_one(held: object, name: str = "chat.json") -> Document:
    """Return the only document of a value as JSON."""
    [document] = load(json.dumps(held).encode(), name=name)
    return document


def headings(document: Document) -> list[str]:
    """Return all headings."""
    return [document.text[one.start : one.stop].strip() for one in document.blocks if one.kind == "heading"]


@pytest.mark.parametrize("held", [TALK, {"messages": TALK}])
def test_each_turn_has_its_role_as_a_heading(held: object) -> None:
    """Then what was said, letter for letter, and the tools that were called."""
    document = load_one(held)
    assert document.text == (
        "system\n\nBe brief.\n\nuser\n\nWhat is there?\n  Indented.\n\nassistant\n\ncalls ls (c1)\n\n"
        '{"path": "."}\n\ntool\n\na.txt\n\nanswers call c1\n\nassistant\n\nOne file.\n\n'
    )
    assert headings(document) == ["system", "user", "assistant", "tool", "assistant"]
    assert document.defects == ()


def test_a_quote_is_traced_to_its_message() -> None:
    """By number, and by line where each conversation has one."""
    document = load_one(TALK)
    at = document.text.index("a.txt")
    assert [place.file for place in document.trace(at, at + 5)] == ["message 4"]
    [(start, stop)] = [
        place for place in document.locate(file="message 2") if "What" in document.text[slice(*place)]
    ]
    assert document.text[start:stop] == "What is there?\n  Indented.\n\n"


def test_conversations_one_a_line_are_told_apart() -> None:
    """What a record holds beside its messages is kept as JSON."""
    lines = [json.dumps({**SHARED, "id": number}) for number in (7, 8)]
    [document] = load("\n".join([lines[0], "", lines[1]]).encode(), name="chats.jsonl")
    assert headings(document) == [
        "conversation 1",
        "user",
        "assistant",
        "conversation 3",
        "user",
        "assistant",
    ]
    assert '"id": 8' in document.text
    at = document.text.rindex("Hello.")
    [place] = document.trace(at, at + 6)
    assert (place.file, place.line) == ("conversation 3, message 2", 3)


def test_a_list_of_conversations_is_read() -> None:
    """As data sets are published."""
    assert headings(load_one([SHARED, SHARED])).count("user") == 2
    assert headings(load_one([TALK, TALK])).count("tool") == 2


def test_a_broken_line_is_kept_as_json_and_told() -> None:
    """The others are read."""
    lines = [json.dumps(SHARED), '{"id": 1, "cut off', json.dumps(SHARED)]
    [document] = load("\n".join(lines).encode(), name="chats.jsonl")
    assert '{"id": 1, "cut off' in document.text
    assert headings(document).count("user") == 2
    assert [one.message for one in document.defects] == ["line 2 is no conversation; it is kept as JSON"]


def test_a_message_that_cannot_be_read_is_kept_as_json() -> None:
    """Nothing is lost, and it is told."""
    document = load_one([{"role": "user", "content": "Hi"}, {"role": "pirate", "content": "Arr"}])
    assert '"content": "Arr"' in document.text
    [told] = document.defects
    assert told.kind == "damaged"
    assert told.message.startswith("message 2 cannot be read as one")


def test_what_is_not_kept_of_a_message_is_told() -> None:
    """Reasoning, and fields of which nobody knows what they say."""
    thought = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Yes."}]
    document = load_one(
        [{"role": "user", "content": "Hi", "weight": 1}, {"role": "assistant", "content": thought}]
    )
    assert sorted(one.message for one in document.defects) == [
        "messages hold 'weight', too; it is not in the text",
        "messages hold reasoning; it is not in the text",
    ]


def test_pictures_stand_in_their_turn(tiny_png: bytes) -> None:
    """As blocks with the file itself."""
    url = f"data:image/png;base64,{base64.b64encode(tiny_png).decode()}"
    content = [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": url}}]
    document = load_one([{"role": "user", "content": content}])
    [picture] = [one.picture for one in document.blocks if one.picture]
    assert picture.data == tiny_png


def test_halves_of_pairs_are_spelled_out() -> None:
    """JSON can name them, and no file can hold them."""
    assert "a\\ud800" in load_one([{"role": "user", "content": "a\ud800"}]).text


@pytest.mark.parametrize(
    "held",
    [
        {"api": {"messages": TALK}},
        {"messages": "role and content"},
        [{"role": "user", "content": "Hi"}, 3],
        {"role": "user", "content": "Hi"},
    ],
)
def test_json_that_is_no_chat_stays_json(held: object) -> None:
    """Though words of chats stand in it."""
    document = load_one(held)
    assert document.text == json.dumps(held)
    assert [one.kind for one in document.blocks] == ["code"]


def test_a_cut_off_export_is_read_as_json() -> None:
    """Its words are all there."""
    data = json.dumps(TALK).encode()[:-20]
    [document] = load(data, name="a.json")
    assert document.text == data.decode()


@pytest.fixture
def tiny_png() -> bytes:
    """A picture of one pixel."""
    return base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
