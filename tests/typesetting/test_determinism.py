"""The same text in the same style is the same page: in any process, thread and order, to the byte.

Run this file as a script to write the golden digests anew: `python tests/typesetting/test_determinism.py`.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyph_memory.document import Document
from glyph_memory.page import Page, pixel_digest
from glyph_memory.style import PRESETS, PageStyle
from glyph_memory.transcript import ToolCall, Transcript, Turn
from glyph_memory.typesetting import typeset

GOLDEN = Path(__file__).with_name("golden.json")
TEXT = """\
Dense pages: 0123456789, "quotes", (brackets) & signs — all of it.
\tIndented with a tab; e\u0301 and é are one.\r
Long words likethisonethatneverendsandhasnospaceinitatallsothatitmustbecutwherethelineisfullwhichisheretheend.

Ωмега. Escaped: \0 \u200b \u202e \ud800 \ue100.
"""
TALK = Transcript(
    (
        Turn(role="system", text="Be brief."),
        Turn(role="user", name="ada", text="Where did we deploy §7?\nOn which port?"),
        Turn(role="assistant", tool_calls=(ToolCall(name="recall", arguments='{"query": "deploy"}'),)),
        Turn(role="tool", name="recall", text="8443"),
    )
)


def cards() -> dict[str, Page]:
    """The golden cards: small pages that between them use most of what is drawn."""
    ours = replace(PageStyle.glyph(), system_fonts=False)
    return {
        "glyph": typeset(TEXT, style=replace(ours, page_width_pt=300))[0],
        "transcript": typeset(TALK, style=replace(ours, newline_mark="⏎", page_width_pt=300))[0],
        "pixel": typeset(TEXT, style=replace(PageStyle.pixel(), system_fonts=False))[0],
    }


@pytest.mark.parametrize("name", ["glyph", "transcript", "pixel"])
def test_a_golden_card_has_not_changed(name: str) -> None:
    """To the pixel. If it was meant to, look at the card and run this file as a script."""
    assert {name: cards()[name].digest} == {name: json.loads(GOLDEN.read_text())[name]}


# One page, whatever happened before or happens beside it.

ALONE = """
import sys
sys.path.insert(0, sys.argv[1])
from test_determinism import cards, TEXT
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import typeset
if sys.argv[2] == "after":
    for style in (PageStyle(system_fonts=False), PageStyle.pixel()):
        typeset("".join(map(chr, range(0x1000, 0x20, -1))), style=style)
for name, page in sorted(cards().items()):
    print(name, page.digest)
"""


@pytest.mark.parametrize(("seed", "order"), [("0", "first"), ("1", "first"), ("4242", "after")])
def test_another_process_draws_the_same_cards(seed: str, order: str) -> None:
    """With other hash seeds, and after four thousand other characters were drawn."""
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(Path(__file__).parent), order],
        env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True, cwd=Path.cwd(),
    )  # fmt: skip
    assert dict(line.split() for line in done.stdout.splitlines()) == json.loads(GOLDEN.read_text())


def test_threads_draw_the_same_pages() -> None:
    """Eight at once, in a style nobody used before, each with letters the others have not."""
    style = replace(PageStyle.glyph(), font_size_pt=9.125, system_fonts=False)
    texts = ["".join(map(chr, range(first, first + 0x90))) * 30 for first in range(0xA1, 0x521, 0x90)]
    drawn: dict[int, list[str]] = {}
    ready = threading.Barrier(len(texts))

    def draw(number: int) -> None:
        ready.wait()
        drawn[number] = [page.digest for page in typeset(texts[number], style=style)]

    threads = [threading.Thread(target=draw, args=(number,)) for number in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fresh = replace(style, newline_color="#FF0001")  # another style, and so a table and an atlas of its own
    for number, text in enumerate(texts):
        assert drawn[number] == [page.digest for page in typeset(text, style=fresh)]


def test_what_was_set_before_makes_no_difference() -> None:
    """A tall letter makes the atlas grow, many letters the table: neither shows."""
    style = replace(PageStyle.glyph(), system_fonts=False, newline_color="#FF0002")
    before = typeset(TEXT, style=style)[0]
    typeset(
        "Ǻ" + "e" + "\u0301\u0302\u0303\u0304\u0305\u0306" + "".join(map(chr, range(0x100, 0x2000))),
        style=style,
    )
    after = typeset(TEXT, style=style)[0]
    assert (after.digest, after.png()) == (before.digest, before.png())


# PNG.


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("width", [300, 301])
@pytest.mark.parametrize("source", [TALK, Document(text=TEXT)], ids=["talk", "text"])
def test_a_png_decodes_to_the_pages_pixels(preset: str, width: int, source: Transcript | Document) -> None:
    """In every theme, for even and odd widths; and the digest of the file is the page's."""
    style = replace(
        PageStyle.from_name(preset), page_width_pt=width, snap_px=1, crop_width=False, layout="fixed"
    )
    page = typeset(source, style=style)[0]
    assert page.size[0] == (width if preset != "auto" else (page.style or style).page_px[0])
    for level in range(4):
        decoded = Image.open(io.BytesIO(page.png(compress_level=level)))
        assert decoded.size == page.size
        assert pixel_digest(decoded) == page.digest
        assert (np.asarray(decoded.convert("RGB")) == np.asarray(page.image.convert("RGB"))).all()
    assert (np.asarray(page.image) == page.array()).all()


@pytest.mark.parametrize("preset", PRESETS)
def test_equal_pages_have_equal_bytes(preset: str) -> None:
    """Caches and servers tell pages apart by their bytes."""
    style = PageStyle.from_name(preset)
    one, other = (typeset(TALK, style=style) for _ in range(2))
    assert one == other
    assert [page.png() for page in one] == [page.png() for page in other]


def test_a_png_says_greys_at_four_bits_and_colours_by_palette() -> None:
    """Small files: half a byte a pixel before deflating, where there are no colours."""
    grey, colored = typeset("Hello")[0], typeset(TALK)[0]
    assert (grey.png()[24:26], colored.png()[24:26]) == (b"\x04\x00", b"\x08\x03")
    assert Image.open(io.BytesIO(grey.png())).mode == "L"
    assert Image.open(io.BytesIO(colored.png())).mode == "P"


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps({name: page.digest for name, page in cards().items()}, indent=2) + "\n")
    for name, page in cards().items():
        print(name, page.size, page.digest)  # noqa: T201 - a script
