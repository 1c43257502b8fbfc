"""Mailboxes: many mails in one file, read one by one. Knows where a mail begins; what mails are, `mail` knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from glyph_memory.document import Defect, Document
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.formats.mail import read_mail_bytes
from glyph_memory.documents.formats.text import read_text
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError

_START = re.compile(
    rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]{1,200}?\b\d{4}\b[^\r\n]{0,100}\r?\n(?=[!-9;-~]+:)"
)
"""Where a mail begins: after a blank line, with the day it came, and with a header."""
_ESCAPED = re.compile(rb"^>(?=From )", re.MULTILINE)
"""What a mailbox puts before a line of a mail that would look like the beginning of another."""


def read_mailbox(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield each mail, and what hangs on it; one that cannot be read is told, and the rest goes on."""
    if not options.structure:
        yield from read_text(source, options)
        return
    last: Document | None = None
    for number, data in enumerate(_split_mails(source, options), 1):
        try:
            for document in read_mail_bytes(_ESCAPED.sub(b"", data), source, options, file=f"mail {number}"):
                if last is not None:
                    yield last
                last = document
        except DocumentError as error:
            source.defects[f"mail {number}"] = Defect(
                kind="left out", message=f"mail {number} is not read: {error}"
            )
    if last is not None:
        yield last


def _split_mails(source: Source, options: LoadOptions) -> Iterator[bytes]:
    held = bytearray()
    for block in source.iter_blocks():
        searched = max(len(held) - 2_000, 1)
        held += block
        while found := _START.search(held, searched):
            yield bytes(held[: found.start()])
            del held[: found.start()]
            searched = 1
        if len(held) > options.limits.file_bytes:
            raise DocumentError(f"{source.shown} has a mail longer than Limits.file_bytes; raise it")
    yield bytes(held)


MBOX = Format(
    name="a mailbox",
    media_type="application/mbox",
    recognizes=lambda source: source.suffix != ".eml" and _START.match(source.head) is not None,
    suffixes=(".mbox",),
    read=read_mailbox,
)
