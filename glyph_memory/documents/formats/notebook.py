"""Jupyter notebooks: Markdown with its structure, code in the kernel's language, and what the code put out.

Knows cells and outputs; what Markdown means is the Markdown reader's.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import unescape

from glyph_memory.document import Defect, Document
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.decoding import decode_blocks
from glyph_memory.documents.encodings import spell_halves
from glyph_memory.documents.formats.code import read_verbatim
from glyph_memory.documents.formats.format import Format
from glyph_memory.documents.formats.html import add_html
from glyph_memory.documents.formats.markdown import add_markdown
from glyph_memory.documents.markup.pictures import FindPicture, make_picture_finder
from glyph_memory.documents.needs import load_library
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source
from glyph_memory.documents.terminal import show_terminal
from glyph_memory.errors import DocumentError

_MEDIA_TYPE = "application/x-ipynb+json"
_VERSION, _CELLS = re.compile(rb'"nbformat"\s*:\s*\d'), re.compile(rb'"(?:cells|worksheets)"\s*:\s*\[')
_CELL = re.compile(rb'"cell_type"\s*:\s*"(?:code|markdown|raw)"')
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_READ = ("text/plain", "text/markdown", "text/latex")
_UNSEEN = ("text/html", "image/svg+xml", "application/javascript", "application/json")
"""Other forms of an output that is shown: they say the same."""
_STUB = re.compile(r"<[^<>\n]*>")
"""What stands for an object that has no plain text: `<Figure size 640x480>`."""
_TAG = re.compile(r"<[^<>]*>")
_MOST_WORDS = 0.9

Fields = Mapping[str, object]


def read_notebook(source: Source, options: LoadOptions) -> Iterator[Document]:
    """Yield a notebook; a damaged one as the JSON that it is, with what is wrong."""
    source.read_all(at_most=options.limits.file_bytes)
    try:
        fields = _upgrade("".join(decode_blocks(source)))
        cells = fields["cells"]
        if not isinstance(cells, list):
            raise TypeError("its cells are no list")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        defect = Defect(kind="damaged", message=f"it is no whole notebook, and was read as JSON ({reason})")
        for document in read_verbatim(source, options, language="json", media_type="application/json"):
            yield replace(document, defects=(defect, *document.defects))
        return
    builder = Builder(title=source.name, source=source.path, media_type=_MEDIA_TYPE)
    language = _find_language(fields)
    for number, cell in enumerate(cells, 1):
        builder.file = f"cell {number}"
        builder.set_location()
        if isinstance(cell, Mapping):
            _add_cell(builder, cell, language, options)
        else:
            builder.add_defect("damaged", f"{builder.file} is none, and was left out")
        yield from builder.pop_part(options.part_characters)
    if not builder.is_empty:
        yield builder.build()


def _upgrade(text: str) -> Fields:
    """Return a notebook's fields as version 4 has them.

    Raises:
        ValueError: It is no JSON, or an old version that cannot be understood; other built-in errors, too.
    """
    held = json.loads(text)
    if held["nbformat"] >= 4:
        return dict(held)
    nbformat = load_library("nbformat", for_="notebooks of versions before 4")
    try:
        return dict(nbformat.convert(nbformat.reader.reads(text), 4))
    except Exception as error:  # whatever its steps from version to version run into
        raise ValueError(str(error)) from error


def _find_language(fields: Fields) -> str:
    """Return the language of the kernel, as Pygments names it or nearly so; Python where nothing says."""
    metadata = fields.get("metadata")
    for holder, name in (
        ("language_info", "pygments_lexer"),
        ("language_info", "name"),
        ("kernelspec", "language"),
    ):
        held = metadata.get(holder) if isinstance(metadata, Mapping) else None
        language = held.get(name) if isinstance(held, Mapping) else None
        if isinstance(language, str) and language:
            return "python" if language.startswith("ipython") else language.lower()
    return "python"


def _add_cell(builder: Builder, cell: Fields, language: str, options: LoadOptions) -> None:
    text = _join(cell.get("source"))
    kind = cell.get("cell_type")
    if kind == "markdown":
        add_markdown(builder, text, find_picture=_make_picture_finder(builder, cell, options))
        return
    if kind != "code":
        _add_plain(builder, text)
        return
    magic = re.match(r"%%(bash|sh|html|javascript|js|latex|markdown|perl|ruby|sql)\b", text)
    builder.add_code(text, language=magic[1] if magic else language)
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, Mapping):
            _add_output(builder, output, options)


def _make_picture_finder(builder: Builder, cell: Fields, options: LoadOptions) -> FindPicture:
    """Return what finds pictures for a cell of Markdown: those that it carries itself, and any in its text."""
    attached, find_other = cell.get("attachments"), make_picture_finder(builder, options)

    def find(address: str) -> bytes | None:
        if not address.startswith("attachment:"):
            return find_other(address)
        held = attached.get(address.removeprefix("attachment:")) if isinstance(attached, Mapping) else None
        encoded = next(iter(held.values()), "") if isinstance(held, Mapping) else ""
        if not encoded:
            builder.add_defect("damaged", f"a picture of {builder.file} is not in the notebook")
        return (_decode_picture(builder, _join(encoded)) or None) if options.pictures else None

    return find


def _add_plain(builder: Builder, text: str) -> None:
    if text.strip():
        builder.add_text(text.rstrip("\n") + "\n\n")


def _add_output(builder: Builder, output: Fields, options: LoadOptions) -> None:
    kind = output.get("output_type")
    if kind == "stream":
        _add_plain(builder, show_terminal(_join(output.get("text"))))
    elif kind == "error":
        lines = _join(output.get("traceback"), between="\n")
        lines, name, value = show_terminal(lines), _join(output.get("ename")), _join(output.get("evalue"))
        said = show_terminal(f"{name}: {value}" if value else name)
        _add_plain(builder, lines)
        if not {*said.split()} <= {*lines.split()}:
            _add_plain(builder, said)
    elif isinstance(data := output.get("data"), Mapping):
        _add_data(builder, data, options)
    else:
        builder.add_defect("left out", f"{builder.file} has an output of an unknown kind")


def _add_data(builder: Builder, data: Fields, options: LoadOptions) -> None:
    """Add an output, which comes in several forms of the same: the richest that can be read."""
    builder.set_location()
    picture = next((name for name in _PICTURES if name in data), None)
    plain = show_terminal(_join(data.get("text/plain")))
    is_stub = not plain.strip() or _STUB.fullmatch(plain.strip()) is not None
    seen = True
    if picture is not None:
        encoded = _decode_picture(builder, _join(data[picture]))
        builder.add_picture("" if is_stub else plain, encoded if options.pictures else None)
    elif "text/markdown" in data:
        add_markdown(
            builder, _join(data["text/markdown"]), find_picture=make_picture_finder(builder, options)
        )
    elif "text/html" in data and _add_html(builder, _join(data["text/html"]), options):
        if not is_stub and not _says(_join(data["text/html"]), plain):
            _add_plain(builder, plain)
    elif "text/latex" in data:
        builder.add_formula(_join(data["text/latex"]).strip().strip("$"))
    elif is_stub and "application/json" in data:
        builder.add_code(
            spell_halves(json.dumps(data["application/json"], ensure_ascii=False)), language="json"
        )
    else:
        seen = not is_stub
        if is_stub and "image/svg+xml" in data:
            pieces = _join(data["image/svg+xml"]).split("<text")[1:]
            words = unescape(
                _TAG.sub(" ", " ".join(f"<text{piece.partition('</text')[0]}" for piece in pieces))
            )
            builder.add_picture(" ".join(words.split()))
            builder.add_defect(
                "left out", f"a drawing (SVG) of {builder.file} is not drawn; its words are read"
            )
            seen = True
        else:
            _add_plain(builder, plain)
    unseen = [str(name) for name in data if name not in {picture, *_READ, *(_UNSEEN if seen else ())}]
    if unseen:
        told = "is there as {}, too, which is not shown" if seen else "is {}, which is not read"
        builder.add_defect("left out", f"an output of {builder.file} {told.format(', '.join(unseen))}")


def _add_html(builder: Builder, html: str, options: LoadOptions) -> bool:
    """Add an output in HTML; return False where it shows nothing without its scripts."""
    before = builder.size
    try:
        add_html(builder, html, find_picture=make_picture_finder(builder, options))
    except DocumentError as error:
        builder.add_defect("left out", f"an output of {builder.file} is HTML: {error}")
    return builder.size > before


def _says(html: str, plain: str) -> bool:
    """Return whether most words of an output's plain text stand in its HTML, too."""
    words = re.findall(r"\w+", plain)
    there = {*re.findall(r"\w+", unescape(_TAG.sub(" ", html)))}
    return sum(word in there for word in words) >= _MOST_WORDS * len(words)


def _decode_picture(builder: Builder, text: str) -> bytes | None:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        builder.add_defect("damaged", f"a picture of {builder.file} cannot be decoded")
        return None


def _join(held: object, *, between: str = "") -> str:
    """Return a text that a notebook may hold as a list of lines."""
    lines = held if isinstance(held, list) else [held]
    return spell_halves(between.join(line for line in lines if isinstance(line, str)))


def _is_notebook(source: Source) -> bool:
    head = source.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head.startswith(b"{"):
        return False
    is_whole = _VERSION.search(head) is not None and _CELLS.search(head) is not None
    return is_whole or (source.suffix == ".ipynb" and _CELL.search(head) is not None)


NOTEBOOK = Format(
    name="a notebook",
    read=read_notebook,
    media_type=_MEDIA_TYPE,
    recognizes=_is_notebook,
    suffixes=(".ipynb",),
)
