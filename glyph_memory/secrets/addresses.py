"""Passwords in addresses (`postgres://user:…@host`) and in headers (`Authorization: Bearer …`). Knows nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from glyph_memory.secrets.finding import SecretFinding
from glyph_memory.secrets.looks import is_mixed, is_placeholder, lower_ascii

_ADDRESS = re.compile(r":\\?/\\?/[^\s/:@\"'<>\\]{0,64}+:(?P<secret>[^\s/\"'<>\\]{2,128})@[A-Za-z0-9_.\-\[%$]")
_HEADER = re.compile(
    r"(?i)authorization\\?[\"']?\s{0,2}[:=]\s{0,2}\\?[\"']?(?:(?P<scheme>bearer|basic|token|apikey|key|bot)\s{1,2})"
    r"(?P<secret>[A-Za-z0-9_.~+/\-]{6,}+={0,2})"
)
_BEARER = re.compile(r"(?i)bearer\s{1,2}(?P<secret>[A-Za-z0-9_.~+/\-]{16,}+={0,2})")
_CURL = re.compile(
    r"curl\b[^\n]{0,200}?\s(?:-u|--user)[ =]{0,2}[\"']?[^\s:\"']{1,64}:(?P<secret>[^\s\"']{6,128})"
)


def find_addresses(text: str) -> Iterator[SecretFinding]:
    """Yield the passwords of addresses."""
    if "@" not in text:
        return
    for literal in ("://", ":\\/\\/"):
        place = text.find(literal)
        while place >= 0:
            match = _ADDRESS.match(text, place)
            if match and not is_placeholder(match["secret"]):
                yield SecretFinding(start=match.start("secret"), end=match.end("secret"), kind="password")
            place = text.find(literal, match.end() if match else place + len(literal))


def find_headers(text: str) -> Iterator[SecretFinding]:
    """Yield the credentials of authorization headers, and of `curl -u`."""
    lowered = lower_ascii(text)
    for literal, pattern in ((b"authorization", _HEADER), (b"bearer", _BEARER), (b"curl", _CURL)):
        place = lowered.find(literal)
        while place >= 0:
            match = pattern.match(text, place)
            if match and _is_credential(match["secret"], mixed=literal == b"bearer"):
                yield SecretFinding(start=match.start("secret"), end=match.end("secret"), kind="credential")
            place = lowered.find(literal, match.end() if match else place + len(literal))


def _is_credential(value: str, *, mixed: bool) -> bool:
    if is_placeholder(value):
        return False
    return is_mixed(value) if mixed else any(map(str.isalpha, value))
