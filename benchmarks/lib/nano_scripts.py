"""How well the nano reader reads other alphabets, runs of one sign, and how well it knows how sure it may be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glyph_memory import PageStyle, typeset
from glyph_memory.evaluate import check_pages, make_texts, share_interval
from glyph_memory.evaluate.alignment import Alignment
from glyph_memory.nano.claims import ALPHABETS, CLAIMED
from glyph_memory.transcription import SURE, Transcription
from glyph_memory.typesetting import spell_page
from lib.nano_figures import NanoFigures
from lib.script_texts import make_script_texts

_MOST_SILENT = 0.0005
_UNDRAWN_AT_MOST = 0.02
_SIGNS = ".,:;'\"`-=_#*~|/\\([{<+^@08lIiO"
_EDGES = (0.0, 0.5, 0.8, 0.9, 0.99, 1.0)


def measure_scripts(figures: NanoFigures, characters: int) -> None:
    """Measure wrong and silent characters by language, as if all were claimed, and tell which alphabets may be."""
    failed, measured = set[str](), set[str]()
    for name, made in make_script_texts(characters).items():
        pages = typeset(made.text)
        if sum(one.count for page in pages for one in page.escaped) > _UNDRAWN_AT_MOST * len(made.text):
            print(f"  script: {name}: no font here has its characters")
            continue
        report = check_pages(pages, style=PageStyle.glyph(), reader=figures.read_unlimited)
        asked = "silent ≤ 0.05 %" if made.alphabet in CLAIMED else "not claimed"
        figures.add_report(f"script: {name}", asked, report, of=f", {made.source}", has_confusions=True)
        measured.add(made.alphabet)
        if report.counts.silent > _MOST_SILENT * report.errors.characters:
            failed.add(made.alphabet)
    told = ", ".join(repr(name) for name in ALPHABETS if name in measured - failed)
    print(f"  CLAIMED, by these figures: {told or 'none'}")


def measure_signs(figures: NanoFigures, *, most: int) -> None:
    """Measure lines with runs of one sign: how many come back to the letter, and how many wrong ones seem sure."""
    right = silent = total = 0
    for sign in _SIGNS:
        lines = [
            f"The value {sign * count} follows in line {count} of this text" for count in range(2, most + 1)
        ]
        (page,) = typeset("\n".join(lines))
        read = {" ".join(line.text.split()): line for line in figures.read(page).lines}
        wrong = [line for text, line in read.items() if text not in lines]
        right += sum(line in read for line in lines)
        silent += sum(line.is_sure for line in wrong)
        total += len(lines)
    figures.add(
        "lines with a run of one sign, exact", "", f"{right / total:.1%}", share_interval(right / total, total),
        f"{total:,} lines with 2 to {most} of each of {len(_SIGNS)} signs; silent by line", right / total, (),
        silent / total,
    )  # fmt: skip


def align_ink(read: Transcription, truth: str) -> tuple[Alignment, NDArray[np.float32]]:
    """Align what was read with what stands there, white space left out; and how sure each character is."""
    lines = [np.array([not one.isspace() for one in line.text], bool) for line in read.lines]
    sure = [line.confidence[ink] for line, ink in zip(read.lines, lines, strict=True)]
    said = "".join("".join(line.text.split()) for line in read.lines)
    return Alignment("".join(truth.split()), said), np.concatenate([np.zeros(0, np.float32), *sure])


def count_silent(read: Transcription, truth: str) -> int:
    """Count the edits between what was read and what stands there at which the reader was sure."""
    alignment, confidence = align_ink(read, truth)
    sure = np.concatenate([[True], confidence >= SURE, [True]])
    return sum(
        bool(sure[at + 1] and (kind != "delete" or sure[at]))
        for kind, at in zip(alignment.kinds, alignment.said_at.tolist(), strict=True)
    )


def measure_calibration(figures: NanoFigures, characters: int) -> None:
    """Measure how many characters are right of those that the reader is about as sure of, white space left out."""
    confidences, rights = list[NDArray[np.float32]](), list[NDArray[np.bool_]]()
    made = {name: one.text for name, one in make_script_texts(characters // 8).items()}
    for text in (made | make_texts(characters=characters)).values():
        for page in typeset(text):
            alignment, sure = align_ink(figures.read(page), spell_page(page))
            right = np.ones(len(sure), bool)
            right[alignment.said_at[[kind != "delete" for kind in alignment.kinds]]] = False
            confidences.append(sure)
            rights.append(right)
    sure, right = np.concatenate(confidences), np.concatenate(rights)
    for low, high in zip(_EDGES, (*_EDGES[1:], 2.0), strict=True):
        here = right[(sure >= low) & (sure < high)]
        if len(here):
            share = float(here.mean())
            named = f"{low:g} to {high:g}" if high <= 1 else "1"
            figures.add(
                f"right of what is {named} sure", "", f"{share:.3%}", share_interval(share, len(here)),
                f"{len(here):,} characters of all kinds and languages", share,
            )  # fmt: skip
