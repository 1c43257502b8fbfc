"""Claims about new pictures that cannot be shown as they came: what stands in their place, and who tells it."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from glyph_memory.context import Binder, ImagePart, PageOptions, Text, plan_request
from glyph_memory.context.wording import SHOWN_BELOW
from glyph_memory.folding import FoldPolicy, fold
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import ToolCall, Turn

BROKEN = b"no picture"


def photo(side_px: int = 2800) -> bytes:
    """Return a large picture."""
    stream = io.BytesIO()
    Image.effect_noise((side_px, side_px), 60).convert("RGB").save(stream, "JPEG", quality=30)
    return stream.getvalue()


def binder_of(window: int = 131_072) -> Binder:
    """Return a binder for a window."""
    policy = FoldPolicy(window_tokens=window, output_tokens=100, pinned_tokens=100)
    return Binder(options=PageOptions(profile=ModelProfile.from_name("glyph"), policy=policy))


def planned(binder: Binder, *turns: Turn) -> list[tuple[str, tuple[object, ...]]]:
    """Return role and parts of each message that is planned, a picture as its size."""
    folded = fold(turns, policy=binder.policy, costs=binder)
    plan = plan_request(folded, binder=binder, parts_of=lambda seal: (), hoist_pictures=False)
    return [
        (
            message.role,
            tuple(
                part.size
                if isinstance(part, ImagePart)
                else part.text
                if isinstance(part, Text)
                else part.name
                for one in message.turns
                for part in (one.parts or (Text(one.turn.text),))
            ),
        )
        for message in plan.messages
    ]


CALL = Turn(role="assistant", tool_calls=(ToolCall(name="look", arguments="{}", id="c1"),))


def test_a_picture_that_cannot_be_decoded_is_told_whoever_sends_the_request() -> None:
    """Sent as it is, the server would refuse the request, and every one after it."""
    asked = Turn(role="user", text="See?", images=(BROKEN,))
    assert planned(binder_of(), asked) == [("user", ("See?", "(Picture 1 of this message cannot be shown.)"))]


def test_a_tools_own_message_tells_which_of_its_pictures_is_missing() -> None:
    """And the user's message shows the others: "this message" is the tool's."""
    result = Turn(role="tool", text="Two.", tool_call_id="c1", images=(BROKEN, photo(56)))
    *_, own, beside = planned(binder_of(), Turn(role="user", text="Look."), CALL, result)
    assert own == ("tool", ("Two.\n(Picture 1 of this message cannot be shown.)",))
    assert beside == (
        "user",
        (
            "(Picture 2 that came with the tool's message, no page of the conversation:)",
            (56, 56),
            "(End of the tool's pictures.)",
        ),
    )


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_result_that_is_only_a_picture_never_becomes_a_message_without_words(text: str) -> None:
    """Nobody takes an empty result for an answer."""
    result = Turn(role="tool", text=text, tool_call_id="c1", images=(photo(),))
    *_, own, beside = planned(binder_of(6_000), Turn(role="user", text="Look."), CALL, result)
    assert own == ("tool", (SHOWN_BELOW,))
    ((width, height),) = [part for part in beside[1] if isinstance(part, tuple)]
    assert max(width, height) < 2800
    lost = Turn(role="tool", text=text, tool_call_id="c1", images=(BROKEN,))
    *_, own = planned(binder_of(), Turn(role="user", text="Look."), CALL, lost)
    assert own == ("tool", ("(Picture 1 of this message cannot be shown.)",))


def test_a_picture_that_is_told_to_be_missing_is_not_shown_all_the_same() -> None:
    """Where users show the pictures of tools, too: one that cannot be decoded is nowhere."""
    lost = Turn(role="tool", text="One.", tool_call_id="c1", images=(BROKEN,))
    binder = binder_of()
    folded = fold([Turn(role="user", text="Look."), CALL, lost], policy=binder.policy, costs=binder)
    messages = plan_request(folded, binder=binder, parts_of=lambda seal: ()).messages
    assert [message.role for message in messages] == ["user", "assistant", "tool"]


def test_pictures_that_are_fine_leave_a_message_as_it_is() -> None:
    """The control."""
    binder = binder_of()
    folded = fold([Turn(role="user", images=(photo(56),))], policy=binder.policy, costs=binder)
    (message,) = plan_request(folded, binder=binder, parts_of=lambda seal: ()).messages
    assert message.turns[0].parts is None
    assert not any(isinstance(part, ImagePart) for part in message.before)
