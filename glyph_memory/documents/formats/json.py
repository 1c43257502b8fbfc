"""JSON and JSON lines: as code, letter for letter; exports of chats turn by turn.

JSON on one endless line is kept as it is, and told: laid out anew it would no longer be the file. Knows JSON; knows
nothing about what stands in it, but for chats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from glyph_memory.document import Document
from glyph_memory.documents.encodings import find_encoding
from glyph_memory.documents.formats.chat import looks_like_chat, read_chat
from glyph_memory.documents.formats.code import read_verbatim
from glyph_memory.documents.formats.format import Format, trim_start
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source

_SAMPLE = 8_192
_TOKENS = re.compile(
    r'(?:\s+|"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true\b|false\b|null\b|[\[\]{},:])*+'
)
"""What JSON is made of; possessive, so that it takes no time on what is none."""
_STARTS = re.compile(
    r'\{\s*(?:"(?:[^"\\\n]|\\.)*"\s*:|\})|\[\s*(?:[\[{"\]]|-?\d+(?:\.\d+)?\s*[,\]]|true|false|null)'
)
_CUT = re.compile(r'"(?:[^"\\\n]|\\.)*\\?\Z|[-+.\w]*\Z')
"""A string, number or word that the sample's end cuts."""


def read_json(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield JSON as code, cut into parts between two lines; an export of chats as headings and text."""
    if looks_like_chat(source.head):
        documents = read_chat(source, options)
        first = next(documents, None)
        if first is not None:
            yield first
            yield from documents
            return
    yield from read_verbatim(source, options, language="json", media_type="application/json")


def is_json(source: Source) -> bool:
    """Return whether a text is JSON or JSON lines, by its beginning: prose with a bracket at its start is none."""
    head = trim_start(source.head)
    if head[:1] not in {b"{", b"["} and head[:2] not in {b"\xff\xfe", b"\xfe\xff"} and head[1:2] != b"\0":
        return False
    text = head[: 2 * _SAMPLE].decode(find_encoding(head[:_SAMPLE])[0], "replace").lstrip()
    is_whole = len(head) <= _SAMPLE
    text = text if is_whole else text[:_SAMPLE]
    if not _STARTS.match(text):
        return False
    if is_whole:
        return _is_valid(text)
    known = _TOKENS.match(text)
    end = known.end() if known else 0
    return end == len(text) or _CUT.match(text, end) is not None


def _is_valid(text: str) -> bool:
    """Return whether a text is JSON, or its first line is one value of several."""
    for candidate in (text, text.partition("\n")[0]):
        try:
            json.loads(candidate)
        except RecursionError:
            return True
        except ValueError:
            continue
        return True
    return False


JSON = Format(
    name="JSON",
    read=read_json,
    media_type="application/json",
    recognizes=is_json,
    suffixes=(".json", ".jsonl", ".ndjson", ".geojson", ".har", ".webmanifest", ".jsonld"),
)
