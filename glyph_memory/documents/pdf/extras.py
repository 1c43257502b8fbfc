"""Links, notes and form fields of a page, and what a file carries that is never run. Knows annotations alone."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType

from glyph_memory.documents.pdf.file import PDFIUM, PdfFile, Pointer
from glyph_memory.documents.pdf.word import Frame, Rect, Word

_MOST = 2_000
"""Annotations of a page that are looked at."""
_LONGEST = 1 << 16
"""Bytes of a note or a field."""
_LINK, _POPUP, _WIDGET = 2, 16, 20
_CHECKED, _UNCHECKED = "☒", "☐"
_CHECKBOX, _RADIO = 2, 3
_URI = 3


@dataclass(kw_only=True, slots=True)
class PageExtras:
    """What is attached to a page."""

    links: list[tuple[Rect, str]] = field(default_factory=list)
    """Rectangles in the frame of the page's text, and the addresses that they lead to."""
    notes: list[str] = field(default_factory=list)
    """What readers wrote on it."""
    fields: list[Word] = field(default_factory=list)
    """What was filled in, as words."""


def read_extras(page: Pointer, file: PdfFile, frame: Frame) -> PageExtras:
    """Return what is attached to a page; pdfium's lock is held."""
    raw, found = file.raw, PageExtras()
    form = file.document.formenv
    for place in range(min(max(raw.FPDFPage_GetAnnotCount(page.raw), 0), _MOST)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, place)
        if not annotation:
            continue
        try:
            kind = raw.FPDFAnnot_GetSubtype(annotation)
            rect = raw.FS_RECTF()
            raw.FPDFAnnot_GetRect(annotation, rect)
            where = frame.place_rect(rect.left, rect.bottom, rect.right, rect.top)
            if kind == _LINK:
                target = _read_target(annotation, file)
                found.links += [(where, target)] if target else []
            elif kind == _WIDGET:
                text = _read_field(annotation, raw, form.raw if form is not None else None)
                found.fields += _make_words(text, where, frame)
            elif kind != _POPUP and (note := _read_string(annotation, raw, b"Contents")):
                found.notes.append(note)
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
    return found


def _read_target(annotation: Pointer, file: PdfFile) -> str:
    raw, document = file.raw, file.document.raw
    link = raw.FPDFAnnot_GetLink(annotation)
    action = raw.FPDFLink_GetAction(link) if link else None
    if not action or raw.FPDFAction_GetType(action) != _URI:
        return ""
    length = raw.FPDFAction_GetURIPath(document, action, None, 0)
    if not 0 < length <= _LONGEST:
        return ""
    buffer = ctypes.create_string_buffer(length)
    raw.FPDFAction_GetURIPath(document, action, buffer, length)
    return "".join(part for part in buffer.value.decode("utf-8", "replace") if part.isprintable())


def _read_string(annotation: Pointer, raw: ModuleType, key: bytes) -> str:
    return _read_wide(lambda buffer, size: raw.FPDFAnnot_GetStringValue(annotation, key, buffer, size))


def _read_field(annotation: Pointer, raw: ModuleType, form: Pointer) -> str:
    """Return what was filled in; empty for a button."""
    if form is None:
        return _read_string(annotation, raw, b"V")
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in (_CHECKBOX, _RADIO):
        return _CHECKED if raw.FPDFAnnot_IsChecked(form, annotation) else _UNCHECKED
    return _read_wide(lambda buffer, size: raw.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, size))


def _read_wide(read: Pointer) -> str:
    """Return a string of pdfium's: asked for its length in bytes first, then for UTF-16."""
    length = read(None, 0)
    if not 2 < length <= _LONGEST:
        return ""
    buffer = ctypes.create_string_buffer(length)
    read(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), length)
    text = buffer.raw[: length - length % 2].decode("utf-16-le", "replace")
    return " ".join(text.replace("\0", "").split())


def _make_words(text: str, where: Rect, frame: Frame) -> Iterator[Word]:
    """Yield the words of a field, side by side at its left."""
    left, top, _, bottom = where
    size = min(max(bottom - top, 4.0) * 0.7, 10.0)
    for word in text.split():
        width = 0.5 * size * len(word)
        yield Word(word, left, left + width, top + 1.1 * size, size, angle=frame.angle)
        left += width + 0.25 * size


def list_refusals(file: PdfFile) -> list[str]:
    """Return what a file carries that is never opened or run, a sentence each."""
    raw, document, found = file.raw, file.document.raw, list[str]()
    with PDFIUM:
        scripts = raw.FPDFDoc_GetJavaScriptActionCount(document)
        attached = raw.FPDFDoc_GetAttachmentCount(document)
        names = list[str]()
        for place in range(min(max(attached, 0), 20)):
            attachment = raw.FPDFDoc_GetAttachment(document, place)

            def read(buffer: Pointer, size: int, attachment: Pointer = attachment) -> int:
                length: int = raw.FPDFAttachment_GetName(attachment, buffer, size)
                return length

            names.append(_read_wide(read) or "without a name")
        is_xfa = file.document.get_formtype() in (2, 3)
    if scripts > 0:
        found.append(f"its JavaScript ({scripts} scripts) is not run")
    if attached > 0:
        found.append(f"files in it ({attached}) are not opened: {', '.join(names)}")
    if is_xfa:
        found.append("its XFA form is not run; what is filled in there may be missing")
    return found
