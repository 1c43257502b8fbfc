"""E-mail as documents: headers, body, and each attachment that can be read. Knows nothing about pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message

from glyph_memory.document import Document, SourceSpan
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.formats.html import add_html
from glyph_memory.documents.formats.text import read_text
from glyph_memory.documents.mails.bodies import add_plain
from glyph_memory.documents.mails.headers import (
    decode_body,
    find_header,
    find_parameter,
    list_fields,
    list_names,
    show_date,
)
from glyph_memory.documents.mails.parts import MailPart, list_parts, parse_mail
from glyph_memory.documents.mails.payloads import read_bytes
from glyph_memory.documents.markup.pictures import make_picture_finder
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source, open_bytes
from glyph_memory.documents.spreadsheets.old_files import OLD_FILE, has_stream
from glyph_memory.errors import DocumentError, show_value

_SHOWN = ("From", "Sender", "Organization", "To", "Cc", "Bcc", "Reply-To", "Date", "Keywords", "Comments")
_HEADER = re.compile(rb"(?:From |(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+\r?\n)")
_CID = re.compile(r"^\s*cid:", re.IGNORECASE)
_SURE = (b"from:", b"date:", b"subject:", b"message-id:", b"mime-version:", b"received:", b"to:")
_FEWEST_SURE = 4


def read_mail(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield a mail, then its attachments; what is not read stands in the defects of the last document."""
    if not options.structure:
        yield from read_text(source, options)
        return
    yield from read_mail_bytes(source.read_all(at_most=options.limits.file_bytes), source, options)


def read_mail_bytes(
    data: bytes, source: Source, options: LoadOptions, *, file: str = ""
) -> Iterator[Document]:
    """Yield a mail, then its attachments.

    Args:
        data: The mail.
        source: The file that it is, or is from.
        options: How to read.
        file: What to call it within that file.

    Raises:
        DocumentError: It is none that a program wrote.
    """
    message = parse_mail(data, source.shown)
    if not message.keys():
        raise DocumentError(
            f"{source.shown} has no headers; is it a mail? structure=False reads it as plain text"
        )
    builder = Builder(source=source.path, media_type="message/rfc822")
    last: Document | None = None
    for document in _read_message(message, builder, source, options, file=file):
        if last is not None:
            yield last
        last = document
    rest = () if builder.is_empty else builder.build().defects
    if last is not None:
        yield replace(last, defects=(*last.defects, *rest))


def recognizes_mail(source: Source) -> bool:
    """Return whether a file without a name begins with headers that only mails have."""
    if source.suffix or source.media_type:
        return False
    found = _HEADER.match(source.head)
    if not found:
        return False
    lines = found[0].lower().split(b"\n")
    return sum(any(line.startswith(name) for line in lines) for name in _SURE) >= _FEWEST_SURE


def _read_message(
    message: Message, builder: Builder, source: Source, options: LoadOptions, *, file: str
) -> Iterator[Document]:
    subject = find_header(message, "Subject")
    title = subject or file or source.name
    builder.set_title(title)
    builder.set_location(file=file)
    builder.add_heading(1, subject or "(no subject)")
    values = [(name, find_header(message, name)) for name in _SHOWN]
    builder.add_table(
        [[name, show_date(value) if name == "Date" else value] for name, value in values if value]
    )
    if unread := list_names(message, besides=(*_SHOWN, "Subject")):
        builder.add_defect(
            "left out", f"headers of {show_value(file) if file else 'the mail'} that are not read: {unread}"
        )
    parts = [*list_parts(message, options.limits)]
    pictures = _Pictures(parts)
    for part in parts:
        if part.kind in {"plain", "html"}:
            yield from _add_body(part, builder, options, file, pictures)
        elif part.kind == "fields":
            builder.add_table([[*field] for field in list_fields(part.message)])
        elif part.kind not in {"file", "mail"}:
            _tell(part, builder)
        for defect in part.message.defects:
            _tell_damage(builder, type(defect).__name__)
    for defect in message.defects:
        _tell_damage(builder, type(defect).__name__)
    yield builder.build()
    attached = [part for part in parts if part.kind in {"file", "mail"} and part not in pictures.used]
    for number, part in enumerate(attached, 1):
        yield from _read_attached(part, part.name or f"attachment {number}", builder, source, options, title)


class _Pictures:
    """Pictures of a mail that its HTML shows by their `Content-ID`."""

    def __init__(self, parts: list[MailPart]) -> None:
        named = (
            (find_header(part.message, "Content-ID").strip("<>"), part)
            for part in parts
            if part.kind == "file"
        )
        self._parts = {name: part for name, part in named if name}
        self.used = list[MailPart]()
        """Those that stand in the body."""

    def read(self, name: str) -> bytes | None:
        """Return a picture's file; None where there is none."""
        part = self._parts.get(name)
        if part is None:
            return None
        self.used.append(part)
        return read_bytes(part.message)


def _add_body(
    part: MailPart, builder: Builder, options: LoadOptions, file: str, pictures: _Pictures
) -> Iterator[Document]:
    message = part.message
    text, told = decode_body(read_bytes(message), find_parameter(message, "charset"))
    if told:
        builder.add_defect("guessed", told)
    if "\0" in text:
        text = text.replace("\0", "")
        builder.add_defect("damaged", "NUL characters of the body are left out")
    if part.kind == "html" and options.structure:
        find = make_picture_finder(builder, options, read=pictures.read)
        add_html(builder, text, file=file, find_picture=lambda address: find(_CID.sub("", address)))
        builder.set_location(file=file)
        yield from builder.pop_part(options.part_characters)
    else:
        is_flowed = find_parameter(message, "format").lower() == "flowed"
        yield from add_plain(builder, text, part_characters=options.part_characters, is_flowed=is_flowed)


def _read_attached(
    part: MailPart, name: str, builder: Builder, source: Source, options: LoadOptions, title: str
) -> Iterator[Document]:
    """Yield the documents of an attachment; one that cannot be read is told, and so is the rest of a broken one."""
    from glyph_memory.documents.formats import read_source  # noqa: PLC0415 - the formats know this one

    data, kind = b"", part.message.get_content_type()
    try:
        if options.limits.depth <= 1:
            raise DocumentError("it is nested deeper than Limits.depth")
        inner = replace(options, limits=replace(options.limits, depth=options.limits.depth - 1))
        if part.kind == "mail":
            nested = Builder(source=source.path, media_type="message/rfc822")
            yield from _read_message(part.message, nested, source, inner, file=name)
            _move_defects(nested, builder)
            return
        data = read_bytes(part.message)
        if not data:
            raise DocumentError("it is empty")
        for document in read_source(open_bytes(data, options.encoding or "", name=name), inner):
            yield _place(document, source.path, name, title)
    except (DocumentError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        builder.add_defect(
            "left out",
            f"the attachment {show_value(name)} ({kind}, {len(data):,} bytes) is not read: {reason}",
        )


def _place(document: Document, path: str, name: str, title: str) -> Document:
    """Return an attachment's document with the mail as its source, and with places inside the attachment."""
    places = document.source_map or (SourceSpan(start=0, stop=len(document.text)),)
    moved = tuple(replace(one, file=f"{name}/{one.file}" if one.file else name) for one in places)
    named = document.title if document.title.startswith(name) else f"{name} — {document.title}"
    return replace(document, source=path, source_map=moved, title=f"{title} — {named}" if title else named)


def _move_defects(nested: Builder, builder: Builder) -> None:
    if not nested.is_empty:
        for defect in nested.build().defects:
            builder.add_defect(defect.kind, defect.message)


def _tell(part: MailPart, builder: Builder) -> None:
    kind = part.message.get_content_type()
    if part.defect is not None:
        builder.add_defect(part.defect.kind, part.defect.message)
    elif part.kind == "signature":
        builder.add_defect("left out", f"the mail is signed ({kind}); the signature is not checked")
    elif part.kind == "encrypted":
        builder.add_defect("left out", f"a part of the mail is encrypted or sealed ({kind}); it is not read")
    else:
        builder.add_defect("left out", f"a part ({kind}) is nested deeper than Limits.depth; it is not read")


def _tell_damage(builder: Builder, name: str) -> None:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Defect")).lower()
    builder.add_defect("damaged", f"the mail breaks the rules of MIME: {words}")


def refuse_outlook(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Raise the error for a mail in Outlook's own format."""
    raise DocumentError(
        f"{source.shown} is a mail in Outlook's own format; save it as .eml, from the mail program"
    )


MAIL = Format(
    name="a mail",
    media_type="message/rfc822",
    recognizes=recognizes_mail,
    suffixes=(".eml",),
    read=read_mail,
)
OUTLOOK = Format(
    name="a mail of Outlook",
    media_type="application/vnd.ms-outlook",
    recognizes=lambda source: (
        source.head.startswith(OLD_FILE) and has_stream(source, "__properties_version1.0")
    ),
    suffixes=(".msg",),
    read=refuse_outlook,
)
