"""Passwords in addresses (`postgres://user:…@host`) and in headers (`Authorization: Bearer …`). Knows nothing else."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from glyph_memory.secrets.finding import SecretFinding
from glyph_memory.secrets.literals import LiteralRules, find_by_literals
from glyph_memory.secrets.looks import is_mixed, is_placeholder

_ADDRESS = re.compile(r":\\?/\\?/[^\s/:@\"'<>\\]{0,64}+:(?P<secret>[^\s/\"'<>\\]{2,128})@[A-Za-z0-9_.\-\[%$]")
_ADDRESS_ODD = re.compile(
    r":\\?/\\?/[^\s/:@\"'<>\\]{0,64}+:(?!\d{1,5}(?:[/?#\s\"'<>\\]|\Z))(?P<secret>\S{4,128}?)@[A-Za-z0-9_.\-\[%$]"
)
"""A password that should have been spelled with `%2F` and the like, and was not."""
_FOREIGN = re.compile(r"://|[\"'<>\\][\s,;:)\]}>/]|\\[nrt]")
_AT = re.compile(r"[^\s\"'<>\\@]{0,64}@(?=[A-Za-z0-9_.\-\[%$])")
_ADDRESS_TOKEN = re.compile(
    r":\\?/\\?/(?P<secret>[A-Za-z0-9_\-]{20,128}+)(?::(?:x-oauth-basic)?)?@[A-Za-z0-9]"
)
_BASIC = re.compile(
    r"(?i)auth\\{0,3}[\"']?\s{0,2}[:=]\s{0,2}\\{0,3}[\"']?(?P<secret>[A-Za-z0-9+/]{12,256}+={0,2})(?![\w.\-])"
)
_HEADER = re.compile(
    r"(?i)authorization\\?[\"']?\s{0,2}[:=,]\s{0,2}\\?[\"']?"
    r"(?:(?:bearer|basic|token|apikey|key|bot|splunk|ssws)(?:\s{1,2}|=)(?:token=)?)"
    r"(?P<secret>[A-Za-z0-9_.~+/\-](?:[A-Za-z0-9_.~+/\-]|:(?=APA91)){5,}+={0,2})"
)
_NO_PASSWORD = "x-oauth-basic"  # noqa: S105 - what GitHub takes in a password's place
_PAIR = re.compile(rb"[\w.@+\-]{1,64}:[!-~]{1,190}")
_BEARER = re.compile(r"(?i)bearer\s{1,2}(?P<secret>[A-Za-z0-9_.~+/\-]{16,}+={0,2})")


def find_addresses(text: str) -> Iterator[SecretFinding]:
    """Yield the passwords of addresses."""
    if "@" not in text:
        return
    for literal in ("://", ":\\/\\/"):
        place = text.find(literal)
        while place >= 0:
            match = _ADDRESS_TOKEN.match(text, place)
            if match and is_mixed(match["secret"]):
                yield SecretFinding(start=match.start("secret"), end=match.end("secret"), kind="credential")
            match = _ADDRESS.match(text, place)
            if match is None:
                match = _ADDRESS_ODD.match(text, place)
                match = match if match and _is_odd(match["secret"]) else None
            if match and match["secret"] != _NO_PASSWORD and not is_placeholder(match["secret"]):
                yield SecretFinding(start=match.start("secret"), end=_find_end(text, match), kind="password")
            place = text.find(literal, match.end() if match else place + len(literal))


def _is_odd(value: str) -> bool:
    """Return whether a value with signs that no address has is a password, and not the end of one address and more."""
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value)) and _FOREIGN.search(value) is None


def _find_end(text: str, match: re.Match[str]) -> int:
    """Return where a password ends: at the last `@` before what is certainly a host."""
    end = match.end("secret")
    for _ in range(8):
        more = _AT.match(text, end + 1)
        if more is None or "." in more[0] or more[0].startswith("localhost"):
            break
        end = more.end() - 1
    return end


def find_headers(text: str) -> Iterator[SecretFinding]:
    """Yield the credentials of authorization headers, and pairs of name and password as registries keep them."""
    yield from find_by_literals(text, _HEADERS, "credential", is_lower=True)


def _is_credential(value: str) -> bool:
    return not is_placeholder(value) and any(map(str.isalpha, value))


def _is_pair(value: str) -> bool:
    """Return whether a value is `user:password` in base64."""
    try:
        pair = base64.b64decode(value, validate=True)
    except ValueError:
        return False
    return _PAIR.fullmatch(pair) is not None


_HEADERS: LiteralRules = (
    ("authorization", _HEADER, _is_credential),
    ("bearer", _BEARER, is_mixed),
    ("auth", _BASIC, _is_pair),
)
