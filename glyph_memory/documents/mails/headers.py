"""What a mail's headers say, in any spelling that mails are found in.

The standard library's own parser of headers takes the square of their length and fails on many that are broken; here
each is text. Knows encoded words and dates; knows nothing about bodies.
"""

from __future__ import annotations

import binascii
import codecs
import quopri
import re
from collections.abc import Iterator
from email.message import Message
from email.utils import parsedate_to_datetime

_WORD = re.compile(r"=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_UNSURE = {"utf-8", "ascii", "iso8859-1", "cp1252", ""}
"""Encodings that mails claim without a look at their text."""
_LONGEST = 100_000
"""Characters of a header that are read."""
_FORM = re.compile(
    r"(?:MIME-Version|Content-\S*|Lines|Message-ID|In-Reply-To|References|Received\S*|Return-Path|Delivered-To|User-Agent"
    r"|DKIM-Signature|Authentication-Results|ARC-\S*|List-\S*|Precedence|Thread-\S*|X-\S*)$",
    re.IGNORECASE,
)
"""Headers that say how a mail is written and how it came, not what it says."""
_MOST_NAMES = 50


def find_header(message: Message, name: str) -> str:
    """Return a header's text, decoded and on one line; several of one name are joined.

    Args:
        message: The mail, or a part of it.
        name: In any case.
    """
    raw = [str(value) for key, value in message.raw_items() if key.lower() == name.lower()]
    return ", ".join(" ".join(_decode_words(_decode_bytes(value[:_LONGEST])).split()) for value in raw)


def find_name(message: Message) -> str:
    """Return the file name of an attachment, without any folders; empty where it has none."""
    try:
        name = message.get_filename() or ""
    except (LookupError, ValueError, TypeError):  # broken spellings of names, as in RFC 2231
        name = ""
    decoded = " ".join(_decode_words(_decode_bytes(name[:_LONGEST])).split())
    return re.split(r"[/\\]", decoded)[-1]


def find_parameter(message: Message, name: str) -> str:
    """Return a parameter of a part's content type, such as its `charset`; empty where it has none.

    Args:
        message: The part.
        name: In small letters.
    """
    try:
        value = message.get_param(name, "")
    except (ValueError, LookupError, TypeError):
        return ""
    return value if isinstance(value, str) else str(value[2] if isinstance(value, tuple) else "")


def list_fields(message: Message) -> Iterator[tuple[str, str]]:
    """Yield the fields of a part that is headers alone, such as what a server says of a mail that it did not deliver.

    Args:
        message: The part, whose own parameters may say where something is.
    """
    try:
        params = message.get_params([])
    except (ValueError, LookupError, TypeError):
        params = []
    for name, _ in params[1:]:
        yield name, find_parameter(message, name)
    children = message.get_payload()
    for child in children if isinstance(children, list) else ():
        if isinstance(child, Message):
            for name in dict.fromkeys(child.keys()):
                yield name, find_header(child, name)


def list_names(message: Message, *, besides: tuple[str, ...]) -> str:
    """Return the names of a mail's headers, parted by commas.

    Args:
        message: The mail.
        besides: Those that are left out, and so are headers that say how the mail is written and how it came.
    """
    known = {*map(str.lower, besides)}
    names = dict.fromkeys(
        name for name in map(str, message.keys()) if name.lower() not in known and not _FORM.match(name)
    )
    shown = ", ".join(name[:60] for name in [*names][:_MOST_NAMES])
    return f"{shown} and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else shown


def show_date(date: str) -> str:
    """Return a date with its ISO 8601 spelling beside it, where it is one.

    Example:
        >>> show_date("Fri, 1 Mar 2024 10:00:00 +0100")
        'Fri, 1 Mar 2024 10:00:00 +0100 (2024-03-01T10:00:00+01:00)'
    """
    try:
        return f"{date} ({parsedate_to_datetime(date).isoformat()})"
    except (ValueError, TypeError, IndexError, OverflowError):
        return date


def decode_body(data: bytes, charset: str) -> tuple[str, str]:
    """Return the text of a part, and a sentence where its encoding was not what it says.

    Args:
        data: Its bytes.
        charset: What it says; empty where it says nothing.
    """
    named = _find_codec(charset) if charset else "utf-8"
    shown = repr(charset or "utf-8")
    if named in _UNSURE:
        try:  # what is valid UTF-8 beyond ASCII is nothing else
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
        else:
            lies = named != "utf-8" and not text.isascii()
            return text, f"a part is said to be in {shown}; it is UTF-8 and read as that" if lies else ""
    codec = {"iso8859-1": "cp1252", "ascii": "cp1252", "": "cp1252"}.get(named, named)
    try:
        told = (
            f"a part is not in {shown}, as it says; it is read as {codec!r}" if named in {"", "ascii"} else ""
        )
        return data.decode(codec), told
    except UnicodeDecodeError:
        broken = data.decode(codec, "replace")
    if codec == "utf-8" and 2 * broken.count("�") > sum(not letter.isascii() for letter in broken):
        return data.decode(
            "cp1252", "replace"
        ), f"a part is not in {shown}, as it says; it is read as 'cp1252'"
    return broken, f"a part is not wholly in {shown}, as it says; bytes that break it are read as �"


def _find_codec(charset: str) -> str:
    """Return Python's name of an encoding of text; empty for none."""
    try:
        found = codecs.lookup(charset)
        return found.name if isinstance("".encode(charset), bytes) else ""
    except (LookupError, ValueError):
        return ""


def _decode_bytes(text: str) -> str:
    """Return text whose bytes beyond ASCII, which `email` keeps as halves of surrogate pairs, are characters."""
    if text.isascii():
        return text
    return decode_body(text.encode("utf-8", "surrogateescape"), "")[0]


def _decode_words(text: str) -> str:
    """Return text with its encoded words decoded; white space between two of them is no part of it."""
    pieces, at, held, charset = list[str](), 0, b"", ""
    for word in _WORD.finditer(text):
        between = text[at : word.start()]
        if held and (
            between.strip() or word[1].lower() != charset
        ):  # a character may be cut between two words
            pieces.append(decode_body(held, charset)[0])
            held = b""
        if between.strip() or not at:
            pieces.append(between)
        charset, at = word[1].lower(), word.end()
        held += _decode_word(word[2].lower(), word[3])
    if held:
        pieces.append(decode_body(held, charset)[0])
    return "".join(pieces) + text[at:]


def _decode_word(kind: str, text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    if kind == "q":
        return quopri.decodestring(data.replace(b"_", b" "))
    try:
        return binascii.a2b_base64(data + b"==="[: -len(data) % 4])
    except binascii.Error:
        return data
