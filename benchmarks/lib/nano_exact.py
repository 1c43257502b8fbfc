"""What the nano reader has to read to the letter: identifiers, and the answers to questions over many pages."""

from __future__ import annotations

import random
import re
import string
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace

from glyph_memory import Context, PageStyle, typeset
from glyph_memory.evaluate import share_interval
from glyph_memory.nano import NanoReader, Transcription
from glyph_memory.nano.held_out import FIRST_HELD_OUT_SEED
from glyph_memory.nano.sight.image import Source
from glyph_memory.transcription import SURE, spell_line
from lib.nano_figures import NanoFigures
from lib.needles import haystack

_LAYOUTS = (("", PageStyle.auto()), (", line for line", PageStyle.glyph()))
"""What is added to a row's name, and how its pages are laid out: by default, and as the released model's are."""
_KEY = string.ascii_letters + string.digits


def measure_identifiers(figures: NanoFigures, characters: int) -> None:
    """Measure how many identifiers are read without an error."""
    roll = random.Random(FIRST_HELD_OUT_SEED)
    makers: dict[str, Callable[[], str]] = {
        "UUIDs": lambda: str(uuid.UUID(int=roll.getrandbits(128))),
        "40-digit hex": lambda: f"{roll.getrandbits(160):040x}",
        "24-character keys": lambda: "".join(roll.choices(_KEY, k=24)),
    }
    for name, make in makers.items():
        wanted = [make() for _ in range(characters // (len(make()) + 1))]
        # A line has three: marks stand between identifiers, and behind some.
        text = "".join(f"{one}{' ' if place % 3 else chr(10)}" for place, one in enumerate(wanted, 1))
        for layout, style in _LAYOUTS:
            exact = wrong = marked = 0
            for page in typeset(text, style=style):
                said = _words(figures.read(page.image))
                true = page.text.split()
                for tag, start, stop, first, last in _opcodes(true, [word for word, _ in said]):
                    if tag == "equal":
                        exact += stop - start
                    else:
                        wrong += stop - start
                        doubted = (
                            any(confidence < SURE for _, confidence in said[first:last]) or first == last
                        )
                        marked += (stop - start) * doubted
            figures.add(
                f"{name} read exactly, whole{layout}", "≥ 97 %", f"{exact / (exact + wrong):.2%}",
                share_interval(exact / (exact + wrong), exact + wrong),
                f"{exact + wrong:,}, of the {wrong} others {marked} marked unsure", exact / (exact + wrong),
            )  # fmt: skip


def measure_needles(figures: NanoFigures, quick: bool) -> None:
    """Ask for facts hidden in 1, 8 and 32 pages; then in smaller print, to see whether doubt is reported."""
    plans = [(1, 4, 4), (8, 1, 20)] if quick else [(1, 40, 6), (8, 8, 30), (32, 3, 80)]
    for pages, haystacks, count in plans:
        for layout, style in _LAYOUTS:
            asked, exact, wrong, marked = _ask_needles(figures.read, pages, haystacks, count, style)
            figures.add(
                f"needle questions over {pages} page{'s' * (pages > 1)}, exact{layout}", "≥ 97 %",
                f"{exact / asked:.2%}", share_interval(exact / asked, asked),
                f"{asked}, of the {wrong} others {marked} marked unsure", exact / asked,
            )  # fmt: skip
    small = (6.0,) if quick else (6.0, 6.5, 7.0)
    told = [
        _ask_needles(
            figures.read,
            8,
            1 if quick else 2,
            40,
            replace(PageStyle.glyph(), font_size_pt=size, line_height_pt=size * 10 / 9),
        )
        for size in small
    ]
    asked, exact, wrong, marked = (sum(counts) for counts in zip(*told, strict=True))
    figures.add(
        f"wrong answers marked unsure, print of {small[0]:g} to {small[-1]:g} pt", "≥ 90 %",
        f"{marked / max(wrong, 1):.1%}", share_interval(marked / max(wrong, 1), wrong),
        f"{wrong} wrong of {asked} questions", marked / max(wrong, 1),
    )  # fmt: skip


def _ask_needles(
    read: Callable[[Source], Transcription], pages: int, haystacks: int, count: int, style: PageStyle
) -> tuple[int, int, int, int]:
    """Return how many questions were asked, answered exactly, answered otherwise, and of these marked unsure."""
    asked = exact = marked = 0
    for seed in range(haystacks):
        hay = haystack(pages, count, seed=100 * pages + seed, style=style)
        reader = NanoReader(transcriber=read, cached_pages=pages)
        for needle in hay.needles:
            reading = reader.read(Context.of(needle.question, pages=hay.pages))
            asked += 1
            if reading.quotes and needle.answer in reading.quotes[0].text.replace("\n", ""):
                exact += 1
            else:
                marked += not reading.quotes or not reading.quotes[0].is_sure
    return asked, exact, asked - exact, marked


def _words(transcription: Transcription) -> list[tuple[str, float]]:
    """Return the words of a page, each with the confidence of its least certain character."""
    return [
        (word[0], float(line.confidence[word.start() : word.end()].min()))
        for line in map(spell_line, transcription.lines)
        for word in re.finditer(r"\S+", line.text)
    ]


def _opcodes(truth: list[str], said: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    from rapidfuzz.distance import Levenshtein

    for code in Levenshtein.opcodes(truth, said):
        yield code.tag, code.src_start, code.src_end, code.dest_start, code.dest_end
