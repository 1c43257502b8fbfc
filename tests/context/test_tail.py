"""Recent turns as messages that every server takes: calls with their results, pictures in users' messages."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from glyph_memory.context import Binder, Context, Message, Text, write_context, write_turns
from glyph_memory.context.wording import OPENING
from glyph_memory.folding import FoldPolicy, fold
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Role, ToolCall, Turn

BINDER = Binder("glyph")


def png(size: tuple[int, int] = (56, 56)) -> bytes:
    """A white picture."""
    stream = io.BytesIO()
    Image.new("L", size, 255).save(stream, "PNG")
    return stream.getvalue()


PNG = png()


def spelled(*turns: Turn, binder: Binder = BINDER) -> list[Message]:
    """The messages of turns, numbered from 1."""
    return write_turns([replace(turn, anchor=anchor) for anchor, turn in enumerate(turns, 1)], binder)


def told(messages: Sequence[Message]) -> list[tuple[str, ...]]:
    """Roles and parts, a picture as `picture`."""
    return [
        (message.role, *(part.text if isinstance(part, Text) else "picture" for part in message.parts))
        for message in messages
    ]


def call(name: str = "f", arguments: str = "{}", id: str = "") -> ToolCall:
    """A call."""
    return ToolCall(name=name, arguments=arguments, id=id)


def asks(*calls: ToolCall, text: str = "") -> Turn:
    """An assistant's turn that calls."""
    return Turn(role="assistant", text=text, tool_calls=calls)


def answers(id: str | None, text: str = "done", *, images: tuple[bytes, ...] = ()) -> Turn:
    """A tool's turn."""
    return Turn(role="tool", name="f", text=text, tool_call_id=id, images=images)


# Calls and results.


def test_calls_and_results_are_spelled_as_the_api_has_it() -> None:
    """Ids, names, arguments as JSON text; the result names its call."""
    turns = (
        Turn(role="user", text="go"),
        asks(call("read", '{"path": "a.py"}', "c1"), text="I look."),
        answers("c1"),
    )
    assert Context(messages=tuple(spelled(*turns))).to_openai() == [
        {"role": "user", "content": "go"},
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "read", "arguments": '{"path": "a.py"}'},
                }
            ],
        },
        {"role": "tool", "content": "done", "tool_call_id": "c1"},
    ]


def test_a_call_without_an_id_gets_one_and_its_result_the_same() -> None:
    """Old protocols had none."""
    asked, first, second = spelled(asks(call(), call()), answers(None, "one"), answers("", "two"))
    assert [one.id for one in asked.tool_calls] == ["call-1-0", "call-1-1"]
    assert (first.tool_call_id, second.tool_call_id) == ("call-1-0", "call-1-1")


def test_results_in_another_order_keep_their_ids() -> None:
    """Each goes to its own call."""
    asked, b, a = spelled(asks(call(id="a"), call(id="b")), answers("b", "B"), answers("a", "A"))
    assert [one.id for one in asked.tool_calls] == ["a", "b"]
    assert [(b.tool_call_id, b.text), (a.tool_call_id, a.text)] == [("b", "B"), ("a", "A")]


def test_a_call_that_a_user_gave_up_is_told_in_words() -> None:
    """A server would refuse it: each call needs its result."""
    asked, _ = spelled(asks(call("wire", '{"to": "§4"}', "a"), text="Sure."), Turn(role="user", text="No!"))
    assert asked.tool_calls == ()
    assert asked.text == 'Sure.\n[called wire {"to": "§4"}; no result came]'


def test_a_call_that_is_open_at_the_end_stays_one() -> None:
    """Its result is yet to come."""
    (asked,) = spelled(asks(call(id="a")))
    assert [one.id for one in asked.tool_calls] == ["a"]


def test_a_result_without_its_call_is_told_by_the_user() -> None:
    """Words cannot be refused."""
    (orphan,) = spelled(answers("gone", "42"))
    assert told([orphan]) == [("user", "Result of f, whose call is not shown:\n42")]


def test_a_result_nobody_asked_for_does_not_part_a_call_from_its_results() -> None:
    """It is told after them."""
    messages = spelled(
        asks(call(id="a"), call(id="b")), answers("x", "?"), answers("a"), answers("a", "2nd"), answers("b")
    )
    assert [message.role for message in messages] == ["assistant", "tool", "tool", "user"]
    assert messages[-1].text.split("\n") == [
        "Result of f, whose call is not shown:", "?", "",
        "Result of f, whose call is not shown:", "2nd",
    ]  # fmt: skip


def test_calls_of_anyone_but_the_assistant_are_words() -> None:
    """The API knows none."""
    for role in ("user", "system"):
        messages = spelled(Turn(role=role, text="x", tool_calls=(call(id="a"),)), answers("a"))
        assert not any(message.tool_calls or message.tool_call_id for message in messages)
        assert "[called f {}; no result came]" in messages[0].text


def test_a_special_token_in_arguments_leaves_them_json() -> None:
    """Servers parse them, and break off where they cannot."""
    asked, _ = spelled(
        asks(call("f<|user|>", '{"q": "<|image|>", "r": "\\u003c|image|>"}', "<s>")), answers("<s>")
    )
    (sent,) = asked.tool_calls
    assert json.loads(sent.arguments) == {"q": "<\\|image|>", "r": "<\\|image|>"}
    assert (sent.name, sent.id) == ("f<\\|user|>", "<\\s>")


def came(number: int, role: str) -> str:
    """The line above a picture."""
    return f"(Picture {number} that came with the {role}'s message, no page of the conversation:)"


def end(role: str) -> str:
    """The line after the last picture of a turn."""
    return f"(End of the {role}'s pictures.)"


# Users' messages.


def test_what_users_say_in_a_row_is_one_message_and_does_not_run_together() -> None:
    """Some templates put nothing between a message's parts: `<|im` and `age|>` would become a picture."""
    (message,) = spelled(Turn(role="user", text="<|im"), Turn(role="user", text="age|>", images=(PNG,)))
    assert told([message]) == [("user", "<|im\n\n", "age|>\n\n", came(1, "user"), "picture", end("user"))]
    (plain,) = spelled(
        Turn(role="user", text="one"), Turn(role="user", text="two\n"), Turn(role="user", text="3")
    )
    assert plain.text == "one\n\ntwo\n3"


def test_a_message_reads_the_same_as_one_text_and_as_parts() -> None:
    """Else a picture that comes later would change what was read before it."""
    turns = (Turn(role="user", text="one"), Turn(role="user", text="two"))
    (without,) = spelled(*turns)
    (with_picture,) = spelled(*turns, Turn(role="user", text="three", images=(PNG,)))
    joined = "".join(part.text for part in with_picture.parts if isinstance(part, Text))
    assert joined.startswith(without.text)


def test_pictures_ride_in_users_messages() -> None:
    """A user's in its own, a tool's after the last result of its group, an assistant's after its message."""
    messages = spelled(
        Turn(role="user", text="look", images=(PNG,)),
        asks(call(id="a"), call(id="b")),
        answers("a", images=(PNG,)),
        answers("b", images=(PNG, PNG)),
        Turn(role="assistant", text="a drawing", images=(PNG,)),
        Turn(role="user", images=(PNG,)),
    )
    tools = [came(n, "tool") for n in (1, 1, 2)]
    assert told(messages) == [
        ("user", "look\n\n", came(1, "user"), "picture", end("user")),
        ("assistant", ""),
        ("tool", "done"),
        ("tool", "done"),
        (
            "user", tools[0], "picture", f"{end('tool')}\n\n",
            tools[1], "picture", tools[2], "picture", end("tool"),
        ),
        ("assistant", "a drawing"),
        (
            "user", came(1, "assistant"), "picture", f"{end('assistant')}\n\n",
            came(1, "user"), "picture", end("user"),
        ),
    ]  # fmt: skip


def test_a_picture_that_cannot_be_shown_is_named() -> None:
    """Broken, or of a shape the model refuses."""
    (message,) = spelled(Turn(role="user", text="look", images=(b"broken", png((6000, 10)), PNG)))
    assert told([message]) == [
        (
            "user", "look\n\n", "(Picture 1 of this message cannot be shown.)\n\n",
            "(Picture 2 of this message cannot be shown.)\n\n", came(3, "user"), "picture", end("user"),
        )
    ]  # fmt: skip


def test_a_message_without_words_is_sent_empty() -> None:
    """Nothing was said, and nothing is made up."""
    assert told(spelled(Turn(role="user"), Turn(role="assistant"))) == [("user", ""), ("assistant", "")]
    assert told(spelled(Turn(role="user"), Turn(role="user", text="hi"))) == [("user", "hi")]


# Any history at all.

TEXTS = st.sampled_from(
    ["", "hi", "<|im", "age|>", "§4 user", "a\n§4", "word " * 40, "<think>x</think>y", "</s>" * 9]
)
IDS = st.sampled_from(
    ["", "a", "b", "call-1-0", "a rather long id, longer than what is set aside for one " * 3]
)
CALLS = st.builds(
    ToolCall, name=TEXTS, arguments=st.sampled_from(["{}", "", '{"q": "<s>"}', "[<|<|<|", "\n§4" * 9]), id=IDS
)
IMAGES = st.lists(st.sampled_from([PNG, b"", png((700, 700)), png((9000, 2))]), max_size=2).map(tuple)


@st.composite
def turns(draw: st.DrawFn) -> Turn:
    """A turn of any kind, sensible or not."""
    role: Role = draw(st.sampled_from(("user", "assistant", "assistant", "tool", "tool", "system")))
    return Turn(
        role=role,
        text=draw(TEXTS),
        name=draw(st.none() | TEXTS),
        tool_calls=tuple(draw(st.lists(CALLS, max_size=3))) if role != "tool" else (),
        tool_call_id=draw(st.none() | IDS) if role == "tool" else None,
        images=draw(IMAGES) if draw(st.integers(0, 3)) == 0 else (),
    )


HISTORIES = st.lists(turns(), min_size=1, max_size=14)


def check_sequence(messages: Sequence[Message]) -> None:
    """What servers insist on."""
    others = [message for message in messages if message.role != "system"]
    assert not others or others[0].role == "user"
    open_ids: list[str] = []
    for place, message in enumerate(messages):
        if place:
            assert not message.role == messages[place - 1].role == "user"
        if message.role == "tool":
            assert message.tool_call_id in open_ids
            open_ids.remove(message.tool_call_id or "")
        else:
            assert message.tool_call_id is None
            assert open_ids == [] or all(later.role == "user" for later in messages[place:])
            open_ids = [one.id for one in message.tool_calls]
        assert message.role == "assistant" or not message.tool_calls
        assert message.role == "user" or not message.has_images
        for one in message.tool_calls:
            assert one.id
            assert isinstance(json.loads(one.arguments), dict)


@settings(deadline=None, max_examples=150)
@given(HISTORIES, st.none() | TEXTS)
def test_every_history_becomes_a_sequence_that_servers_take(
    history: list[Turn], question: str | None
) -> None:
    """A result follows its call, users do not speak twice in a row, a user begins, pictures are users'."""
    folded = fold(history, policy=BINDER.policy, costs=BINDER)
    context = write_context(folded, binder=BINDER, parts_of=lambda _: (), question=question)
    check_sequence(context.messages)
    if question is not None:
        assert context.messages[-1].role == "user"


TINY = FoldPolicy(
    window_tokens=60_000, output_tokens=0, keep_recent_tokens=20, seal_tokens=20, trigger_tokens=60, max_run_tokens=60,
    pinned_tokens=20, tools_tokens=0, min_ratio=1,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(HISTORIES)
def test_so_does_every_history_that_is_partly_sealed(history: list[Turn]) -> None:
    """Wherever it was cut."""
    binder = Binder("glyph", policy=TINY)
    folded = fold(history, policy=TINY, costs=binder)
    said = {turn.anchor: turn for turn in fold(history, policy=BINDER.policy, costs=BINDER).head}
    said |= {
        recent.turn.anchor: recent.turn for recent in fold(history, policy=BINDER.policy, costs=BINDER).tail
    }
    context = write_context(
        folded,
        binder=binder,
        parts_of=lambda seal: binder.parts(seal, lambda: [said[anchor] for anchor in seal.anchors]),
    )
    check_sequence(context.messages)


@settings(deadline=None, max_examples=150)
@given(HISTORIES, st.sampled_from(["glyph", "llava-onevision", "gpt-4o"]))
def test_a_fold_never_counts_less_than_what_is_sent(history: list[Turn], profile: str) -> None:
    """Else a context could outgrow the window that the fold left for it."""
    binder = Binder(ModelProfile.from_name(profile), policy=BINDER.policy)
    numbered = [replace(turn, anchor=anchor) for anchor, turn in enumerate(history, 1)]
    counted = sum(
        binder.count_message_tokens(turn) + (binder.count_picture_tokens(turn) if turn.images else 0)
        for turn in numbered
    )
    assert binder.counts.count_context(Context(messages=tuple(spelled(*history, binder=binder)))) <= counted


def test_an_id_is_counted_for_its_call_and_for_its_result() -> None:
    """A result that names none is sent with its call's; those may be as long as they like."""
    turns = [replace(asks(call(id="long " * 100)), anchor=1), replace(answers(None), anchor=2)]
    context = Context(messages=tuple(spelled(*turns)))
    assert 200 <= BINDER.counts.count_context(context) <= sum(map(BINDER.count_message_tokens, turns))


def test_a_conversation_that_someone_else_begins_is_opened_by_the_user() -> None:
    """Most templates insist on it."""
    folded = fold([Turn(role="assistant", text="Welcome.")], policy=BINDER.policy, costs=BINDER)
    context = write_context(folded, binder=BINDER, parts_of=lambda _: ())
    assert told(context.messages) == [("user", OPENING), ("assistant", "Welcome.")]
