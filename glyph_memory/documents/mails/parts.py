"""The parts of a mail: which one is its body, and which are attached. Knows MIME; knows nothing about documents."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Literal

from glyph_memory.documents.mails.headers import find_name
from glyph_memory.documents.options import Limits
from glyph_memory.errors import DocumentError

PartKind = Literal["plain", "html", "file", "mail", "signature", "encrypted", "deep"]
"""`mail` is a whole one, attached or forwarded; `deep` is nested deeper than is read."""
_MOST_BYTES = 300_000_000
_MOST_PARTS = 50_000
_MOST_WORK = 100_000_000
"""Lines times parts that hold parts: each line is compared with the end of each of them."""
_BOUNDARY = re.compile(rb"boundary\s*\*?\d*\*?=", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class MailPart:
    """A part that is read, attached or told."""

    kind: PartKind
    """What is done with it."""
    message: Message = field(repr=False)
    """The part itself; of a mail that is attached, that mail."""
    name: str = ""
    """Its file name."""


def parse_mail(data: bytes, shown: str) -> Message:
    """Return a mail, taken apart.

    Args:
        data: The file.
        shown: Its name for messages, quoted.

    Raises:
        DocumentError: It has so many parts, or is nested so deep, that no program wrote it.
    """
    parts = data.count(b"\n--")
    work = data.count(b"\n") * len(_BOUNDARY.findall(data))
    if len(data) > _MOST_BYTES or parts > _MOST_PARTS or work > _MOST_WORK:
        raise DocumentError(
            f"{shown} is no mail that a program wrote: {len(data):,} bytes with {parts:,} parts; save its attachments, "
            "and read them"
        )
    try:
        return email.message_from_bytes(data)
    except RecursionError as error:
        raise DocumentError(
            f"{shown} has parts nested too deep to read; save its attachments, and read them"
        ) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise DocumentError(f"{shown} is a broken mail: {error}; save it anew") from error


def list_parts(message: Message, limits: Limits, *, depth: int = 0) -> Iterator[MailPart]:
    """Yield the parts of a mail in reading order; of several versions of a body the plain one, unless it is empty."""
    kind, children = message.get_content_type(), message.get_payload()
    if depth >= limits.depth:
        yield MailPart(kind="deep", message=message, name=find_name(message))
    elif isinstance(children, list):
        messages = [child for child in children if isinstance(child, Message)]
        if kind == "message/rfc822" and messages:
            yield MailPart(kind="mail", message=messages[0], name=find_name(message))
            return
        if kind == "multipart/encrypted":
            yield MailPart(kind="encrypted", message=message)
            return
        if kind == "multipart/alternative":
            messages = _choose_version(messages)
        for child in messages:
            yield from list_parts(child, limits, depth=depth + 1)
    else:
        yield _make_part(message, kind)


def read_bytes(message: Message) -> bytes:
    """Return what a part holds, decoded."""
    try:
        data = message.get_payload(decode=True)
    except (
        ValueError,
        LookupError,
        TypeError,
        AssertionError,
    ):  # a broken spelling: what stands there counts
        data = str(message.get_payload()).encode("utf-8", "surrogateescape")
    return data if isinstance(data, bytes) else b""


def _make_part(message: Message, kind: str) -> MailPart:
    name = find_name(message)
    if kind in {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}:
        return MailPart(kind="signature", message=message, name=name)
    if kind in {"application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"}:
        return MailPart(kind="encrypted", message=message, name=name)
    is_attached = name or message.get_content_disposition() == "attachment"
    if kind in {"text/plain", "text/html"} and not is_attached:
        return MailPart(kind="html" if kind == "text/html" else "plain", message=message)
    return MailPart(kind="file", message=message, name=name)


def _choose_version(versions: list[Message]) -> list[Message]:
    plain = [one for one in versions if one.get_content_type() == "text/plain" and read_bytes(one).strip()]
    rich = [one for one in versions if one.get_content_type() != "text/plain"]
    others = [one for one in rich if one.get_content_type() not in {"text/html", "multipart/related"}]
    if plain:  # a calendar's entry, or a file that stands among the versions by mistake, is not lost
        return [plain[0], *(one for one in others if one.get_content_maintype() not in {"multipart", "text"})]
    return rich[-1:] or versions
