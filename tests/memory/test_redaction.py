"""What is to be hidden is hidden wherever a turn has text."""

from __future__ import annotations

import pytest

from glyph_memory import GlyphMemory, ToolCall, Turn, redact_texts
from glyph_memory.transcript import Attachment

CARD = "4111-1111-1111-1111"
REDACT = redact_texts(lambda text: text.replace(CARD, "[card]").replace("4111111111111111", "[card]"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (f'{{"card": "{CARD}"}}', '{"card": "[card]"}'),
        (f'{{"list": ["a", {{"{CARD}": 1}}]}}', '{"list": ["a", {"[card]": 1}]}'),
        ('{"card": 4111111111111111}', '{"card": "[card]"}'),
        (
            '{"card": "4111\\u002d1111-1111-1111", "city": "K\\u00f6ln"}',
            '{"card": "[card]", "city": "Köln"}',
        ),
        (f'{{"card": "{CARD}', '{"card": "[card]'),
        ('{"city":"K\\u00f6ln", "n": 1.50, "ok": true}', '{"city":"K\\u00f6ln", "n": 1.50, "ok": true}'),
    ],
)
def test_the_arguments_of_calls_are_read_as_what_they_are(arguments: str, expected: str) -> None:
    """JSON value by value, however it is spelled; what is no JSON as one text; what hides nothing stays as it was."""
    turn = Turn(role="assistant", tool_calls=(ToolCall(name="pay", arguments=arguments, id="1"),))
    assert REDACT(turn).tool_calls == (ToolCall(name="pay", arguments=expected, id="1"),)


def test_names_texts_and_attachments_are_too() -> None:
    """A turn in which nothing is hidden is the same object."""
    held = Attachment(block=f'{{"type": "file", "filename": "{CARD}.pdf"}}', name=f"{CARD}.pdf")
    told = REDACT(Turn(role="user", text=f"My card is {CARD}.", name=CARD, attachments=(held,)))
    assert CARD not in repr(told)
    plain = Turn(role="user", text="Hello.", attachments=(Attachment(block="{}", name="a.pdf"),))
    assert REDACT(plain) is plain


def test_a_memory_takes_it() -> None:
    """Nothing of it is stored, found or listed."""
    with GlyphMemory.open(":memory:", redact=REDACT) as memory:
        call = ToolCall(name="pay", arguments=f'{{"card": "{CARD}"}}', id="1")
        memory.add(Turn(role="assistant", tool_calls=(call,)))
        assert next(memory.turns()).tool_calls[0].arguments == '{"card": "[card]"}'
        assert memory.identifiers("4111") == ()
