"""The parts of a mail: which one is its body, and which are attached. Knows MIME; knows nothing about documents."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Literal

from glyph_memory.document import Defect
from glyph_memory.documents.mails.headers import find_name
from glyph_memory.documents.mails.versions import choose_versions
from glyph_memory.documents.options import Limits
from glyph_memory.errors import DocumentError, show_value

PartKind = Literal["plain", "html", "fields", "file", "mail", "signature", "encrypted", "deep", "told"]
"""`fields` has headers alone, as a server's report; `mail` is a whole one, attached or forwarded; `deep` is nested
deeper than is read; `told` is nothing but its defect."""
_MAILS = frozenset({"message/rfc822", "message/global", "message/news"})
_USUAL = re.compile(
    r"\s*this is a (?:cryptographically signed )?(?:multi-?part )?message in mime format\W*", re.IGNORECASE
)
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
    defect: Defect | None = None
    """What is told of it."""


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
    """Yield the parts of a mail in reading order; of several versions of a body the plain one, unless it says less."""
    kind, children = message.get_content_type(), message.get_payload()
    if depth >= limits.depth:
        yield MailPart(kind="deep", message=message, name=find_name(message))
    elif isinstance(children, list):
        messages = [child for child in children if isinstance(child, Message)]
        if kind in _MAILS and messages:
            yield MailPart(kind="mail", message=messages[0], name=find_name(message))
            return
        if kind == "multipart/encrypted":
            yield MailPart(kind="encrypted", message=message)
            return
        yield from _tell_around(message)
        if kind == "multipart/alternative":
            messages, told = choose_versions(messages)
            yield from (MailPart(kind="told", message=message, defect=defect) for defect in told)
        if message.get_content_maintype() == "message":
            yield MailPart(kind="fields", message=message)
            messages = [one for one in messages if str(one.get_payload()).strip()]
        for child in messages:
            yield from list_parts(child, limits, depth=depth + 1)
    else:
        yield _make_part(message, kind)


def _tell_around(message: Message) -> Iterator[MailPart]:
    """Yield what stands before the first part and after the last one, where no program is meant to show it."""
    for where, text in (("before the first", message.preamble), ("after the last", message.epilogue)):
        if text and text.strip() and not _USUAL.fullmatch(text):
            told = f"text {where} part is not read: {show_value(' '.join(text.split()))}"
            yield MailPart(kind="told", message=message, defect=Defect(kind="left out", message=told))


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
