"""Handles: the same for equal secrets under one key, no secret themselves, and JSON stays JSON around them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

import pytest

from glyph_memory import Attachment, GlyphMemoryWarning, SecretFinding, SecretGuard, ToolCall, Turn, TurnError
from glyph_memory.secrets.masking import HANDLE

GUARD = SecretGuard(mode="mask", key=b"one store")
AWS = "AKIAIOSFODNN7EXAMPLE"


def test_a_handle_tells_the_kind_and_nothing_more() -> None:
    """It depends on key and secret alone."""
    assert GUARD.mask_text(f"export KEY={AWS}") == "export KEY=[secret aws-key 697d8429]"
    assert GUARD.mask_text("password=hunter2, token=abc") == GUARD.mask_text("password=hunter2, token=abc")


def test_equal_secrets_are_equal_wherever_they_stand_and_whatever_they_are_taken_for() -> None:
    """An address names a password, so does a header; a card has blanks or has none."""
    address, named = GUARD.mask_text("redis://:hunter2@h"), GUARD.mask_text("api password: hunter2")
    assert HANDLE.findall(address) == HANDLE.findall(named)
    spaced, solid = GUARD.mask_text("4111 1111 1111 1111"), GUARD.mask_text("4111111111111111")
    assert spaced == solid
    other = replace(GUARD, key=b"another store")
    assert other.mask_text("4111 1111 1111 1111") != solid


def test_two_stores_handles_have_nothing_in_common() -> None:
    """Nobody can tell that the same was said in both."""
    first, second = (SecretGuard(key=key).mask_text(AWS) for key in (b"a", b"b"))
    assert HANDLE.fullmatch(first)
    assert first != second


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ('{"password": "hunter2", "n": 1}', {"password": "H", "n": 1}),
        ('{"card": 4111111111111111}', {"card": "H"}),
        ('{"password": 12345678}', {"password": "H"}),
        ('{"password": "hun\\"ter2"}', {"password": "H"}),
        ('{"password": "hun\\\\nter2"}', {"password": "H"}),
        (
            '{"command": "psql postgres:\\/\\/ada:hunter2@db\\/shop"}',
            {"command": "psql postgres://ada:H@db/shop"},
        ),
        ('{"body": "{\\"password\\": \\"hunter2\\"}"}', {"body": '{"password": "H"}'}),
        (f'["\\u0041KIA{AWS[4:]}"]', ["H"]),
        (
            json.dumps(
                {"key": "-----BEGIN PRIVATE KEY-----\n" + "a1B2" * 16 + "\n-----END PRIVATE KEY-----\n"}
            ),
            {"key": "H\n"},
        ),
    ],
)
def test_json_is_masked_inside_its_strings(text: str, shape: object) -> None:
    """Also where a number, an escape or JSON in JSON hides it; what is no secret stays as it is spelled."""
    masked = GUARD.mask_text(text)
    assert json.loads(masked) == json.loads(masked)
    assert _blank(json.loads(masked)) == shape
    assert GUARD.mask_text(masked) == masked


def _blank(value: object) -> object:
    if isinstance(value, dict):
        return {key: _blank(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_blank(one) for one in value]
    return HANDLE.sub("H", value) if isinstance(value, str) else value


def test_what_is_no_secret_in_json_keeps_its_spelling() -> None:
    """Blanks, escapes and numbers are the model's own."""
    text = '{ "a":1e5,  "b" : "caf\\u00e9",\n"password":"hunter2" }'
    masked = GUARD.mask_text(text)
    assert masked.replace(HANDLE.findall(masked)[0], "hunter2") == text


def test_a_fence_of_code_stays_a_fence() -> None:
    """A handle stands in the line of the secret."""
    assert GUARD.mask_text("```\npassword=hunter2\n```").splitlines()[::2] == ["```", "```"]


def test_what_is_found_once_is_masked_in_all_of_the_turn() -> None:
    """Name, calls, attachments and origin too, whatever stands before it there."""
    turn = Turn(
        role="assistant",
        text="The password is hunter2-X9.",
        name="hunter2-X9",
        tool_calls=(ToolCall(name="login", arguments='{"with": "hunter2-X9"}', id="1"),),
        attachments=(
            Attachment(block='{"type": "file", "url": "https://a:hunter2-X9@b"}', name="hunter2-X9.txt"),
        ),
        origin='{"content": "The password is hunter2-X9."}',
    )
    guarded, kinds = GUARD.examine_turn(turn)
    assert kinds == ("password",)
    assert "hunter2" not in repr(guarded)
    assert json.loads(guarded.tool_calls[0].arguments).keys() == {"with"}
    assert json.loads(guarded.origin)["content"] == guarded.text


def test_what_is_found_is_masked_beside_letters_and_in_other_case_too() -> None:
    """A name that was made of it tells it as well."""
    turn = Turn(role="user", text="The password is Tr0ub4dor-9Zq. See xTr0ub4dor-9Zq7.log or TR0UB4DOR-9ZQ.")
    assert "r0ub4dor" not in GUARD.guard_turn(turn).text.lower()


def test_an_origin_that_holds_a_secret_in_pieces_is_left_out() -> None:
    """As a key over two blocks: nothing could be put in its place there."""
    key = "-----BEGIN PRIVATE KEY-----\n" + "a1B2" * 16
    blocks = json.dumps({"content": [{"text": key[:27]}, {"text": key[28:]}]})
    guarded = GUARD.guard_turn(Turn(role="user", text=key, origin=blocks))
    assert HANDLE.fullmatch(guarded.text)
    assert guarded.origin == ""


def test_a_turn_without_a_secret_is_the_same_object() -> None:
    """Nothing is copied, and nothing spelled anew."""
    turn = Turn(role="tool", text='{ "id": "4def1b57-8edb-488d-9c54-792487756a5b" }', origin='{"a": 1}')
    assert GUARD.guard_turn(turn) is turn


def test_warning_and_refusing_tell_the_kind_and_not_the_secret() -> None:
    """Where it stands, too."""
    turn = Turn(role="user", text=f"password=hunter2 and {AWS}", anchor=7)
    with pytest.warns(GlyphMemoryWarning, match=r"§7 holds secrets \(password, aws-key\)") as told:
        assert SecretGuard(mode="warn").guard_turn(turn) is turn
    with pytest.raises(TurnError, match=r"user's turn holds secrets \(password, aws-key\)") as raised:
        SecretGuard(mode="refuse").guard_turn(turn)
    with pytest.raises(TurnError, match="the question holds secrets") as asked:
        SecretGuard(mode="refuse").guard_text(turn.text, what="the question")
    said = [str(told[0].message), str(raised.value), str(asked.value)]
    assert len(told) == 1
    assert not any("hunter2" in one or "AKIA" in one for one in said)


def test_a_guard_that_is_off_does_nothing() -> None:
    """Not even look."""
    turn = Turn(role="user", text="password=hunter2")
    assert SecretGuard(mode="off").guard_turn(turn) is turn
    assert SecretGuard(mode="off").guard_text(turn.text) == turn.text


class _Words:
    """Finds a word of the house's own, and our handles as well."""

    def find(self, text: str) -> Iterable[SecretFinding]:
        for word in ("XANTHIPPE", "secret"):
            if (place := text.find(word)) >= 0:
                yield SecretFinding(start=place, end=place + len(word), kind="House Word!")


class _Beyond:
    """Finds what is not there."""

    def find(self, text: str) -> Iterable[SecretFinding]:
        yield SecretFinding(start=0, end=len(text) + 1, kind="x")


def test_a_finder_of_ones_own_is_one_method() -> None:
    """Its kinds become words of a handle; it never finds a handle."""
    guard = SecretGuard(finder=_Words(), key=b"k")
    masked = guard.mask_text("Ask XANTHIPPE.")
    assert masked.startswith("Ask [secret house-word ")
    assert guard.mask_text(masked) == masked


def test_what_cannot_be_is_told() -> None:
    """A mode, a finder, a key, a finding."""
    wrong: list[dict[str, object]] = [{"mode": "hide"}, {"finder": object()}, {"key": "text"}, {"key": b""}]
    for fields in wrong:
        with pytest.raises(TurnError):
            SecretGuard(**fields)  # type: ignore[arg-type]  # what is wrong is the point
    with pytest.raises(TurnError, match="_Beyond found a secret outside its text"):
        SecretGuard(finder=_Beyond()).mask_text("abc")
    assert "one store" not in repr(GUARD)
