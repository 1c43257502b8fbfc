"""The doors of documents: bytes that are nearly a file of each format that the loader takes."""

from __future__ import annotations

import io
import json
import random
import re
import zipfile
from functools import cache

from glyph_memory import DocumentError, PageStyle, typeset
from glyph_memory.documents import Document, Limits, LoadOptions, load
from lib.fuzz_outcome import check_line, require
from lib.fuzz_seeds import PACKAGES, PDFS, TEXTS
from lib.fuzz_values import change_json, draw_text, mutate, spell_json

_LIMITS = Limits(file_bytes=1_000_000, unpacked_bytes=5_000_000, cells=20_000, pages=50, depth=30)
_OPTIONS = (
    LoadOptions(limits=_LIMITS),
    LoadOptions(limits=_LIMITS, structure=False),
    LoadOptions(limits=_LIMITS, pictures=False, main_content=True, part_characters=1_000),
    LoadOptions(limits=_LIMITS, terminal_escapes=False, pages="1-2"),
)
_ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-32",
    "gb18030",
    "cp1252",
    "shift_jis",
    "latin-1",
)
_MOST = 400
"""Documents that are taken of one file."""
_STYLE = PageStyle(page_width_pt=300, page_height_pt=300)
_NAME = re.compile(rb"[A-Za-z][\w:.-]*")


@cache
def _list_words(data: bytes) -> tuple[bytes, ...]:
    """Return the names that stand in a sound file, with signs of their languages."""
    return (
        *dict.fromkeys(_NAME.findall(data[:4000])),
        b"<",
        b">",
        b'"',
        b"</",
        b"/>",
        b"|",
        b"\n\n",
        b"```",
        b"{",
        b"]",
    )


def check_text_file(dice: random.Random) -> str:
    """Read a text of any format, damaged, in any encoding."""
    name, data = dice.choice(TEXTS)
    if dice.random() < 0.1:
        data = b"" if dice.random() < 0.1 else draw_text(dice, longest=400).encode("utf-8", "surrogatepass")
    elif name.endswith((".ipynb", ".json")) and dice.random() < 0.6:
        data = spell_json(change_json(dice, json.loads(data), names=_JSON_NAMES, words=_JSON_WORDS))
    if dice.random() < 0.15:
        data = data.decode("utf-8", "replace").encode(dice.choice(_ENCODINGS), "replace")
    return _check(dice, name, mutate(dice, data, words=_list_words(data)))


def check_package(dice: random.Random) -> str:
    """Read a package, of which a member's XML or the archive itself is damaged."""
    name, members, whole = dice.choice(PACKAGES)
    if not members or dice.random() < 0.25:
        return _check(dice, name, mutate(dice, whole))
    changed = dict(members)
    for _ in range(dice.choice((1, 1, 2))):
        part = dice.choice(sorted(changed))
        how = dice.random()
        if how < 0.1:
            del changed[part]
        elif how < 0.15:
            changed[part] = changed[dice.choice(sorted(changed))]
        else:
            changed[part] = mutate(dice, changed[part], words=_list_words(changed[part]))
        if not changed:
            break
    return _check(dice, name, pack(changed))


def check_pdf(dice: random.Random) -> str:
    """Read a PDF of which some bytes or words are others."""
    data = dice.choice(PDFS)
    return _check(dice, "a.pdf", mutate(dice, data, words=_list_words(data)))


def pack(members: dict[str, bytes]) -> bytes:
    """Return an archive, not compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        for name, data in members.items():
            file.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def _check(dice: random.Random, name: str, data: bytes) -> str:
    """Load a file: documents whose blocks lie in their text, or an error in one line."""
    name = (
        name
        if dice.random() < 0.9
        else dice.choice(("", "x", "a.txt", "a.pdf", "a.docx", "a\0b", "\ud800.csv"))
    )
    count = 0
    try:
        for document in load(data, name=name, options=dice.choice(_OPTIONS)):
            count += 1
            _check_document(document)
            if count == 1 and dice.random() < 0.02:
                text = document.text[:300]
                pages = typeset(text, style=_STYLE)
                require("".join(page.text for page in pages) == text, "its text is not on its pages")
            require(count <= _MOST, f"more than {_MOST} documents of {len(data):,} bytes")
    except DocumentError as error:
        check_line(error)
        return "refused"
    require(count > 0, "neither a document nor an error")
    return "done"


def _check_document(document: Document) -> None:
    end = len(document.text)
    for block in document.blocks:
        require(
            0 <= block.start <= block.stop <= end, f"a {block.kind} at {block.start}…{block.stop} of {end}"
        )
    for defect in document.defects:
        require("\n" not in defect.message, f"a defect of more than one line: {defect.message[:200]!r}")
    require(isinstance(document.title, str), "the title is no text")


_JSON_NAMES = (
    "cells", "cell_type", "source", "outputs", "output_type", "text", "data", "text/html", "image/png", "metadata",
    "nbformat", "nbformat_minor", "language_info", "name", "kernelspec", "traceback", "ename", "evalue", "mapping",
    "message", "author", "content", "parts", "role", "messages", "attachments", "execution_count", "chat_messages",
)  # fmt: skip
_JSON_WORDS = (
    "code",
    "markdown",
    "raw",
    "stream",
    "display_data",
    "error",
    "\x1b[31mred",
    "user",
    "",
    "\ud800",
    "\n",
)
