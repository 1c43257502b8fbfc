"""Private keys as PEM, also on one line, escaped in JSON, indented, numbered or cut off. Knows nothing else."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from glyph_memory.secrets.finding import SecretFinding

_BEGIN = "-----BEGIN "
_PEM_IN_BASE64 = "LS0tLS1CRUdJTi"
# Between two lines of a key: white space, escapes, and what editors, diffs, quotes and languages put there.
_GAP = r"(?:\s|\\+[nrt\\]|[>|+\"',#*()\\→]|-(?!-)|\d{1,6}(?=[\t:|→ ]))"
_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----"
    rf"(?:{_GAP}*+(?:[A-Za-z][A-Za-z\-]{{2,20}}: ?[^\n\\\"]{{1,80}}(?=[\n\\\"])))*+"  # Proc-Type: 4,ENCRYPTED
    rf"(?:{_GAP}*+(?:\\/|[A-Za-z0-9+/]){{20,}}+={{0,2}})++"
    rf"(?:{_GAP}*+=?(?:\\/|[A-Za-z0-9+/]){{1,}}+={{0,2}}(?={_GAP}*+(?:-----END|\Z)))?"
    rf"(?:{_GAP}*+=[A-Za-z0-9+/]{{4}}(?={_GAP}*+-----END))?"  # the checksum of PGP
    rf"(?:{_GAP}*+-----END (?:[A-Z0-9]+ ){{0,4}}PRIVATE KEY(?: BLOCK)?-----)?"
)

_LINE_END = r"(?:\\r)?(?:\\n|\s){1,4}"
_PUTTY = re.compile(
    rf"Private-Lines: \d{{1,3}}{_LINE_END}"
    r"(?P<key>[A-Za-z0-9+/]{4,}+={0,2}"
    rf"(?:{_LINE_END}(?!Private)[A-Za-z0-9+/]{{4,}}+={{0,2}})*+)"
)
_SSH2 = re.compile(r"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\s(?P<key>[^-]{40,}+)")
_WEB_KEY = re.compile(r'"d\\{0,3}"\s?:\s?\\{0,3}"(?P<key>[A-Za-z0-9_\-]{32,}+)')
_ENCODED = re.compile(r"LS0tLS1CRUdJTi(?P<key>[A-Za-z0-9+/]{40,}+={0,2})")
_FURTHEST = 3000
"""How far behind its kind a JSON web key may have its secret."""


def find_private_keys(text: str) -> Iterator[SecretFinding]:
    """Yield the private keys in a text; a header without a key, as in code, is none."""
    yield from _find_pem(text)
    for literal, pattern in (("Private-Lines:", _PUTTY), ("---- BEGIN SSH2 ENC", _SSH2)):
        place = text.find(literal)
        while place >= 0:
            match = pattern.match(text, place)
            if match:
                yield SecretFinding(start=match.start("key"), end=match.end("key"), kind="private-key")
            place = text.find(literal, match.end() if match else place + len(literal))
    yield from _find_web_keys(text)
    yield from _find_encoded(text)


def _find_web_keys(text: str) -> Iterator[SecretFinding]:
    place = text.find("kty")
    while place >= 0:
        end = text.find("}", place, place + _FURTHEST)
        begin = text.find('"d', place, end) if end >= 0 else -1
        match = _WEB_KEY.match(text, begin) if begin >= 0 else None
        if match:
            yield SecretFinding(start=match.start("key"), end=match.end("key"), kind="private-key")
        place = text.find("kty", match.end() if match else place + 3)


def _find_encoded(text: str) -> Iterator[SecretFinding]:
    """Yield private keys that are PEM in base64 once more, as Kubernetes has them."""
    place = text.find(_PEM_IN_BASE64)
    while place >= 0:
        match = _ENCODED.match(text, place)
        if match and b"PRIVATE KEY" in base64.b64decode(text[place : place + 52]):
            yield SecretFinding(start=place, end=match.end(), kind="private-key")
        place = text.find(_PEM_IN_BASE64, match.end() if match else place + 1)


def _find_pem(text: str) -> Iterator[SecretFinding]:
    place = text.find(_BEGIN)
    while place >= 0:
        match = _KEY.match(text, place)
        if match:
            yield SecretFinding(start=place, end=match.end(), kind="private-key")
        place = text.find(_BEGIN, match.end() if match else place + 1)
