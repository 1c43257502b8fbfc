"""The door of the secret guard: whatever is said, what it gives holds no finding, and JSON stays JSON.

Inputs that once failed stand here as `@example(...)`.
"""

from __future__ import annotations

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from glyph_memory import SecretGuard, ToolCall, Turn
from glyph_memory.secrets.masking import HANDLE

GUARD = SecretGuard(mode="mask", key=b"a key of the tests")
_PIECES = (
    "password", "pass", "token", "secret", "api_key", "api key", "=", ":", ": ", " is ", '"', "'", "\\", "\\n", "\n",
    " ",
    "hunter2", "s3cret-4711", "AKIAIOSFODNN7EXAMPLE", "ghp_" + "a1B2" * 9, "sk-", "eyJ", ".", "-", "_",
    "a1B2c3D4e5F6g7H8",
    "4111 1111 1111 1111", "4111111111111111", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "MIIE" * 16,
    "postgres://ada:", "@db/shop", "://", "Authorization: Bearer ", "curl -u ada:",
    "[secret password 0123abcd]", "[secret ",
    "]", "{", "}", "[", ",", "§", "İ", "\ud800", "DE89370400440532013000", "<", ">", "&", "--",
)  # fmt: skip
_TEXTS = st.lists(st.sampled_from(_PIECES) | st.text(max_size=6), max_size=14).map("".join)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)


@settings(settings.get_profile("fuzz"))
@given(text=_TEXTS)
@example(text='password="[secret hunter2"')
def test_guarding_twice_is_guarding_once(text: str) -> None:
    """And no finding is left but for our own handles."""
    once = GUARD.mask_text(text)
    assert GUARD.mask_text(once) == once


@settings(settings.get_profile("fuzz"))
@given(value=_VALUES, ascii_only=st.booleans())
@example(value={"pin": 4111111111111111}, ascii_only=True)
@example(value="password:\x1f0", ascii_only=False)
def test_json_stays_json_of_the_same_shape(value: object, ascii_only: bool) -> None:
    """Whatever is masked in it: numbers may become strings, and nothing else changes its kind."""
    spelled = json.dumps([value], ensure_ascii=ascii_only)
    assert _is_same_shape([value], json.loads(GUARD.mask_text(spelled)))


@settings(settings.get_profile("fuzz"))
@given(text=_TEXTS, arguments=_TEXTS, value=_VALUES)
def test_a_turn_is_guarded_once_and_for_all(text: str, arguments: str, value: object) -> None:
    """All of its fields; what has no secret comes back as the same object."""
    origin = json.dumps({"content": text, "more": value})
    turn = Turn(
        role="assistant", text=text, tool_calls=(ToolCall(name="run", arguments=arguments),), origin=origin
    )
    once, kinds = GUARD.examine_turn(turn)
    assert (once is turn) == (kinds == ())
    again, _ = GUARD.examine_turn(once)
    assert (again.text, again.tool_calls) == (once.text, once.tool_calls)


def _is_same_shape(one: object, other: object) -> bool:
    if isinstance(one, dict):
        return isinstance(other, dict) and len(other) <= len(one)  # two keys may be masked alike
    if isinstance(one, list):
        return isinstance(other, list) and all(map(_is_same_shape, one, other))
    if isinstance(one, str):
        return isinstance(other, str)
    return other == one or (isinstance(other, str) and HANDLE.fullmatch(other) is not None)
