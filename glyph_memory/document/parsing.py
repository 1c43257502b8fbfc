"""Read a document's JSON. Knows names and numbers; knows nothing about who wrote it.

It may come from anybody, such as out of a vector store: each value is checked, and what is wrong is one kind of error.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, NoReturn, get_args

from glyph_memory.document.blocks import Block, BlockKind, Merge, Picture, Span, SpanKind, Table
from glyph_memory.document.defect import Defect, DefectKind
from glyph_memory.document.source_map import SourceSpan
from glyph_memory.document.spelling import BLOCK, NUMBERS, TEXTS, VERSION, Fields
from glyph_memory.errors import DocumentError, show_value

_MOST = 10**12
"""No page, line or offset is larger."""
_MOST_OF = {"level": 6, "indent": 1_000, "quotes": 1_000}
"""Nor these."""
_LONGEST_CELL = 30
"""Characters of a cell's name: letters and digits, as `B7`."""


def read_document(spelled: str, text: str | None) -> Fields:
    """Return the fields of a document.

    Args:
        spelled: What `dump_document` wrote, or anything.
        text: The document's text, where it is not in it.

    Raises:
        DocumentError: It is nothing of the kind, or does not fit the text.
    """
    try:
        found = json.loads(spelled)
    except (ValueError, TypeError, RecursionError) as error:
        raise DocumentError(
            f"this is no JSON of a document: {error}; write one with Document.to_json"
        ) from error
    if not isinstance(found, dict) or found.get("glyph_document") != VERSION:
        raise DocumentError(
            f"this JSON is no document of version {VERSION}, but {show_value(found)}; write one with Document.to_json"
        )
    if text is None:
        text = _read_text(found, "text") if "text" in found else _refuse("text", None)
    fields: Fields = {name: _read_text(found, name) for name in TEXTS}
    return fields | {
        "text": text,
        "part": max(_read_whole(found, "part", 1), 1),
        "offset": _read_whole(found, "offset", 0),
        "blocks": tuple(_load_blocks(found.get("blocks", []), len(text))),
        "source_map": tuple(_load_places(found.get("map", []), len(text))),
        "defects": tuple(_load_defects(found.get("defects", []))),
    }


def _read_text(found: Fields, name: str) -> str:
    """Return a text of an object; empty where there is none."""
    value = found.get(name, "")
    return value if isinstance(value, str) else _refuse(name, value)


def _read_whole(found: Fields, name: str, default: int, *, at_most: int = _MOST) -> int:
    """Return a whole number of an object."""
    return _check_whole(name, found.get(name, default), at_most)


def _load_blocks(found: object, length: int) -> Iterator[Block]:
    """Yield blocks, one after the other."""
    start = 0
    for one in _check_list("blocks", found):
        fields = _check_object("blocks", one)
        stop = start + _read_whole(fields, "n", 0, at_most=length - start)
        table, picture = fields.get("t"), fields.get("p")
        numbers: Fields = {
            name: _read_whole(fields, key, getattr(BLOCK, name), at_most=_MOST_OF.get(name, _MOST))
            for key, name in NUMBERS
        }
        yield Block(
            start=start,
            stop=stop,
            kind=_check_kind(fields.get("k", BLOCK.kind), get_args(BlockKind)),
            language=_read_text(fields, "l"),
            spans=tuple(_load_span(span, start, stop) for span in _check_list("s", fields.get("s", []))),
            table=None if table is None else _load_table(_check_object("t", table), start, stop),
            picture=None if picture is None else _load_picture(_check_list("p", picture)),
            **numbers,
        )
        start = stop


def _load_span(found: object, start: int, stop: int) -> Span:
    match _check_list("s", found):
        case [first, last, kind]:
            target = ""
        case [first, last, kind, str(target)]:
            pass
        case _:
            _refuse("s", found)
    begin = start + _check_whole("s", first, stop - start)
    end = start + _check_whole("s", last, stop - start)
    return Span(start=begin, stop=max(begin, end), kind=_check_kind(kind, get_args(SpanKind)), target=target)


def _load_table(found: Fields, start: int, stop: int) -> Table:
    starts, at = list[int](), start
    for length in _check_list("s", found.get("s", [])):
        # Of a row that was cut, empty cells may start one behind the block.
        at += _check_whole("s", length, stop + 1 - at)
        starts.append(at)
    columns = _read_whole(found, "c", 0, at_most=max(len(starts), 1))
    alignments = _read_text(found, "a")
    rows = len(starts) // max(columns, 1)
    return Table(
        columns=columns,
        starts=tuple(starts),
        header_rows=_read_whole(found, "h", 0, at_most=rows),
        alignments=alignments if set(alignments) <= set("lrc") else _refuse("a", alignments),
        merges=tuple(_load_merge(one, rows, columns) for one in _check_list("m", found.get("m", []))),
        carried=tuple(_load_carried(row, columns) for row in _check_list("x", found.get("x", []))),
    )


def _load_carried(found: object, columns: int) -> tuple[str, ...]:
    cells = _check_list("x", found)
    if len(cells) > columns or not all(isinstance(cell, str) for cell in cells):
        _refuse("x", found)
    return tuple(cells)


def _load_merge(found: object, rows: int, columns: int) -> Merge:
    match _check_list("m", found):
        case [row, column, high, wide]:
            row, column = _check_whole("m", row, rows - 1), _check_whole("m", column, columns - 1)
            high, wide = _check_whole("m", high, _MOST), _check_whole("m", wide, _MOST)
        case _:
            _refuse("m", found)
    return Merge(row=row, column=column, rows=min(high, rows - row), columns=min(wide, columns - column))


def _load_picture(found: list[Any]) -> Picture:
    match found:
        case [str(data)]:
            width = None
        case [str(data), int() | float() as width] if 0 < width < _MOST:
            pass
        case _:
            _refuse("p", found)
    try:
        return Picture(data=base64.b64decode(data, validate=True), width_pt=width)
    except ValueError as error:
        raise DocumentError(
            f"a picture of a document's JSON is no base64: {show_value(data)}; write it with Document.to_json"
        ) from error


def _load_places(found: object, length: int) -> Iterator[SourceSpan]:
    """Yield where stretches come from, by start."""
    stop = 0
    for one in _check_list("map", found):
        fields = _check_object("map", one)
        start = _read_whole(fields, "b", 0, at_most=length)
        if start < stop:
            _refuse("map", one)
        stop = start + _read_whole(fields, "n", 0, at_most=length - start)
        yield SourceSpan(
            start=start,
            stop=stop,
            file=_read_text(fields, "f"),
            page=_read_whole(fields, "p", 0) if "p" in fields else None,
            sheet=_read_text(fields, "s"),
            cell=cell if len(cell := _read_text(fields, "c")) <= _LONGEST_CELL else _refuse("c", cell),
            line=_read_whole(fields, "l", 0) if "l" in fields else None,
            counts_lines=fields.get("y") == 1,
        )


def _load_defects(found: object) -> Iterator[Defect]:
    """Yield defects."""
    for one in _check_list("defects", found):
        match one:
            case [kind, str(message)]:
                yield Defect(kind=_check_kind(kind, get_args(DefectKind)), message=message)
            case _:
                _refuse("defects", one)


def _check_list(name: str, value: object) -> list[Any]:
    return value if isinstance(value, list) else _refuse(name, value)


def _check_object(name: str, value: object) -> Fields:
    return value if isinstance(value, dict) else _refuse(name, value)


def _check_whole(name: str, value: object, at_most: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= at_most:
        return value
    return _refuse(name, value)


def _check_kind(value: object, known: tuple[Any, ...]) -> Any:  # noqa: ANN401 - one of the literals it is checked against
    return value if isinstance(value, str) and value in known else _refuse("kind", value)


def _refuse(name: str, value: object) -> NoReturn:
    raise DocumentError(
        f"{name!r} of a document's JSON is {show_value(value)}, which means nothing there; "
        "write it with Document.to_json"
    )
