"""A secret that is found is masked to its end, whatever signs are in it."""

from __future__ import annotations

import json
import shlex
import string
from collections.abc import Callable
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glyph_memory import SecretGuard
from glyph_memory.secrets.masking import HANDLE

GUARD = SecretGuard(mode="mask", key=b"a key of the tests")
PLACES: dict[str, Callable[[str], str]] = {
    "env": lambda secret: f"A=1\nDB_PASSWORD={secret}\nDB_HOST=db",
    "export": lambda secret: f"export DB_PASSWORD={secret}",
    "yaml": lambda secret: f"db:\n  password: {secret}\n  user: ada",
    "json": lambda secret: json.dumps({"password": secret, "user": "ada"}),
    "json in json": lambda secret: json.dumps({"body": json.dumps({"password": secret})}),
    "env in json": lambda secret: json.dumps({"command": f"export DB_PASSWORD={secret}\nls"}),
    "python": lambda secret: f"connect({ {'password': secret}!r})",
    "xml": lambda secret: f"<user><password>{escape(secret)}</password></user>",
    "flag": lambda secret: f"run --password {secret} --fast",
    "flag=": lambda secret: f"run --password={secret} --fast",
    "quoted flag": lambda secret: f"run --password {shlex.quote(secret)} --fast",
    "header": lambda secret: f"Authorization: Bearer {secret}\nHost: db",
    "prose": lambda secret: f"The password is {secret} and nothing else.",
    "address": lambda secret: f"postgres://ada:{quote(secret, safe='')}@db.local/shop",
    "query": lambda secret: f"https://db.local/?user=ada&password={quote(secret, safe='')}&a=1",
    "connection": lambda secret: f"Server=db;User Id=sa;Password={_quote_for_connection(secret)};Timeout=3",
}  # fmt: skip
_PASSWORDS = st.text(
    st.sampled_from(string.ascii_letters + string.digits + string.punctuation), min_size=8, max_size=32
)


def _quote_for_connection(secret: str) -> str:
    return '"' + secret.replace('"', '""') + '"' if set(secret) & set(";'\"=") else secret


@pytest.mark.parametrize("place", PLACES)
@settings(settings.get_profile("fuzz"))
@given(secret=_PASSWORDS)
@example(secret="Tr0ub4dor&3xyz99")  # noqa: S106 - made up
@example(secret="Tr0ub4dor(9Zq7Kx")  # noqa: S106 - made up
@example(secret='Tr0ub4dor"9Zq7Kx')  # noqa: S106 - made up
@example(secret="Tr0ub4dor</9Zq7Kx")  # noqa: S106 - made up
def test_no_piece_of_what_is_found_is_left(place: str, secret: str) -> None:
    """Four characters are a piece. What is not found at all is another matter."""
    text = PLACES[place](secret)
    masked = GUARD.mask_text(text)
    if masked == text:
        return
    shown = HANDLE.sub(" ", masked)
    empty = PLACES[place]("")
    left = [secret[at : at + 4] for at in range(len(secret) - 3)]
    assert [one for one in left if one in shown and one not in empty] == []


SEPARATORS = "".join(sorted(set(string.punctuation) - set("_")))


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("place", PLACES)
def test_no_sign_ends_a_secret(separator: str, place: str) -> None:
    """The secret is found, and both of its halves are masked."""
    shown = HANDLE.sub(" ", GUARD.mask_text(PLACES[place](f"Tr0ub4dor{separator}9Zq7Kx")))
    assert "Tr0u" not in shown
    assert "q7Kx" not in shown
