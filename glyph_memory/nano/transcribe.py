"""Transcribe one picture of a page: find its lines, read them, find the anchors of turns among them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from glyph_memory.nano.claims import CLAIMED
from glyph_memory.nano.line_scanner import LineScanner
from glyph_memory.nano.network import WEIGHTS, Network, load_network
from glyph_memory.nano.sight.image import Source, load
from glyph_memory.nano.sight.ink import measure_ink
from glyph_memory.nano.sight.lines import FoundLine, FoundLines, find_lines
from glyph_memory.nano.sight.marks import find_marks
from glyph_memory.nano.sight.rules import remove_rules
from glyph_memory.nano.sight.turn import TURNS_AT_MOST, Turn, estimate_turn, measure_phase
from glyph_memory.nano.vouch import vouch, withhold_trust
from glyph_memory.page import Box
from glyph_memory.transcription import SURE, ReadAnchor, ReadLine, Transcription

_ROLE = re.compile(r"(system|user|assistant|tool)\b")
_LABEL = re.compile(rf"§(\d{{1,9}})(?: +{_ROLE.pattern}|$)")
_INK = 60
"""How far from the paper's colour ink is."""
_COLOR, _COLORED = 40, 0.4
"""How far apart the channels of a coloured pixel are, and the share of such pixels in a label's ink."""
_CLEAR = 0.98
"""A page that is read with less confidence on the mean may be turned."""
_BARS = str.maketrans("", "", "|│ ")
_SAME = 0.97
_TURNED = "it is turned by about {:.0f} degrees"


def find_anchors(lines: Sequence[ReadLine], pixels: NDArray[np.uint8]) -> tuple[ReadAnchor, ...]:
    """Find labels by words and colour: a turn's text may have the words, but never the colour.

    Args:
        lines: What was read, in order. A label may be broken: its number ends a line, its role begins the next.
        pixels: The page: shape (height, width, 3), or (height, width), on which no label can be told.
    """
    found = list[ReadAnchor]()
    for number, line in enumerate(lines if pixels.ndim == 3 else ()):
        for label in _LABEL.finditer(line.text):
            role = label[2] or _find_role(lines[number + 1 : number + 2])
            left = int(line.left[label.start()])
            right = int(line.left[label.end()]) if label.end() < len(line.text) else line.box[2]
            box = (left, line.box[1], right, line.box[3])
            if role is not None and _is_colored(pixels, box):
                least = float(line.confidence[label.start() : label.end()].min())
                found.append(
                    ReadAnchor(number=int(label[1]), role=role, line=number, box=box, confidence=least)
                )
    return tuple(found)


def _find_role(lines: Sequence[ReadLine]) -> str | None:
    for line in lines:
        if role := _ROLE.match(line.text):
            return role[1]
    return None


def _is_colored(pixels: NDArray[np.uint8], box: Box) -> bool:
    """Return whether much of the ink in a box has a colour."""
    seen = pixels[box[1] : box[3], max(0, box[0]) : box[2]].reshape(-1, 3).astype(np.int16)
    if not len(seen):
        return False
    ink = seen[np.abs(seen - np.median(seen, axis=0)).max(axis=1) > _INK]
    return len(ink) > 0 and bool((ink.max(axis=1) - ink.min(axis=1) > _COLOR).mean() > _COLORED)


def transcribe(
    source: Source,
    *,
    weights: Path = WEIGHTS,
    claimed: Collection[str] = CLAIMED,
    withholds: bool = True,
) -> Transcription:
    """Read a page.

    Args:
        source: A `Page`, of which only the pixels are looked at; a file's path or bytes; a Pillow image; or an array
            of shape (height, width) or (height, width, 3), uint8.
        weights: A safetensors file of the network's; the package's own unless another is given.
        claimed: Names of the `ALPHABETS` of which something may be sure; those that the package's weights read well
            unless others are given.
        withholds: Whether no character is sure on a page that the reader cannot vouch for.

    Raises:
        DocumentError: It is no image that can be read, or an absurdly large one.
        ReaderError: The weights are missing or broken.
    """
    pixels, network = load(source), load_network(weights)
    ink = np.rint(measure_ink(pixels) * 255).astype(np.uint8)
    read = _read_level(network, pixels, ink, claimed)
    if read.confidence < _CLEAR:
        read = _read_turned(network, pixels, ink, claimed, read)
    if not read.is_vouched and (cleared := remove_rules(ink)) is not None:
        again = _read_level(network, pixels, cleared, claimed, is_table=True)
        # Bars that are text, as in `| a | b |`, look like rules, and nothing is won where they are taken out.
        if not _differs_by_bars(read, again) and (again.is_vouched or again.confidence > read.confidence):
            read = again
    return withhold_trust(read) if withholds else read


def _read_turned(
    network: Network,
    pixels: NDArray[np.uint8],
    ink: NDArray[np.uint8],
    claimed: Collection[str],
    level: Transcription,
) -> Transcription:
    """Return what is read of a page that may be turned; what was read of it as it is, unless that is better."""
    degrees = estimate_turn(ink)
    if not degrees:
        return level
    if abs(degrees) > TURNS_AT_MOST:
        return replace(level, reason=_TURNED.format(abs(degrees))) if level.reason else level
    turn = Turn.of(degrees, level.size)
    seen = find_lines(turn.apply(ink, (0,)) * np.float32(1 / 255))
    turn = replace(turn, up_px=measure_phase([line.baseline for line in seen.lines]))
    paper = tuple(np.atleast_1d(np.median(pixels, axis=(0, 1))).astype(int).tolist())
    again = _read_level(network, turn.apply(pixels, paper), turn.apply(ink, (0,)), claimed)
    return _turn_back(again, turn) if _count_sure(again) > _count_sure(level) else level


def _read_level(
    network: Network,
    pixels: NDArray[np.uint8],
    ink: NDArray[np.uint8],
    claimed: Collection[str],
    *,
    is_table: bool = False,
) -> Transcription:
    """Read a page whose lines are level; whether the reader can vouch for it is told, but nothing is withheld yet.

    Args:
        network: Reads strips.
        pixels: Shape (height, width) or (height, width, 3).
        ink: Shape (height, width), 0 paper to 255.
        claimed: Names of the alphabets of which something may be sure.
        is_table: Whether its gaps part cells, and no columns.
    """
    found = find_lines(ink * np.float32(1 / 255), is_table=is_table)
    seen = ink
    if found.solid:
        seen = ink.copy()
        for left, top, right, bottom in found.solid:
            seen[top:bottom, left:right] = 0
    read = LineScanner(network, seen, found).read(claimed=claimed)
    lines = tuple(
        ReadLine(
            text=one.text,
            box=(box := _box(line, found, ink.shape)),
            confidence=one.confidence,
            left=one.x,
            column=line.column,
            is_mark=find_marks(pixels, one.x, box),
        )
        for line, one in zip(found.lines, read, strict=True)
        if one.text
    )
    whole = Transcription(
        size=(ink.shape[1], ink.shape[0]),
        lines=lines,
        anchors=find_anchors(lines, pixels),
        unread=found.unread,
    )
    return vouch(whole, size_px=found.size_px)


def _turn_back(read: Transcription, turn: Turn) -> Transcription:
    """Return what was read of a turned page with all its places where they are on the page as it came."""
    lines = tuple(
        replace(
            line,
            box=turn.find_box_before(line.box),
            left=np.array([turn.find_before(float(x), line.box[3])[0] for x in line.left], np.float32),
        )
        for line in read.lines
    )
    anchors = tuple(replace(anchor, box=turn.find_box_before(anchor.box)) for anchor in read.anchors)
    unread = tuple(turn.find_box_before(box) for box in read.unread)
    return replace(read, size=turn.size, lines=lines, anchors=anchors, unread=unread)


def _differs_by_bars(ruled: Transcription, cleared: Transcription) -> bool:
    """Return whether a page says the same with its uprights and without, but for them."""
    said, other = (one.text.translate(_BARS) for one in (ruled, cleared))
    return Levenshtein.normalized_similarity(said, other) >= _SAME


def _count_sure(read: Transcription) -> int:
    return sum(int((line.confidence >= SURE).sum()) for line in read.lines)


def _box(line: FoundLine, found: FoundLines, shape: tuple[int, ...]) -> Box:
    top, bottom = line.baseline - 0.95 * found.size_px, line.baseline + 0.25 * found.size_px
    return line.left, max(0, round(top)), line.right, min(shape[0], round(bottom))
