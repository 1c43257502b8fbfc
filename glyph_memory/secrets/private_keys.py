"""Private keys as PEM, also on one line, escaped in JSON, indented, numbered or cut off. Knows nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from glyph_memory.secrets.finding import SecretFinding

_BEGIN = "-----BEGIN "
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


def find_private_keys(text: str) -> Iterator[SecretFinding]:
    """Yield the private keys in a text; a header without a key, as in code, is none."""
    place = text.find(_BEGIN)
    while place >= 0:
        match = _KEY.match(text, place)
        if match:
            yield SecretFinding(start=place, end=match.end(), kind="private-key")
        place = text.find(_BEGIN, match.end() if match else place + 1)
