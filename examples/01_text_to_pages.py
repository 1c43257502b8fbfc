"""Turn text into pages and look at what they say.

    python examples/01_text_to_pages.py [FOLDER]

Writes the pages as PNG into FOLDER, `out/pages` if none is given.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from glyph_memory.style import PageStyle
from glyph_memory.typesetting import typeset

# Any text will do; this script's own source has code, comments and a few lines of its own to find again.
TEXT = Path(__file__).read_text(encoding="utf-8") * 8


def main(folder: Path) -> None:
    """Typeset a text twice, and write the pages down."""
    # The default style is the one that the released Glyph model was trained on.
    pages = typeset(TEXT)
    print(f"{len(TEXT):,} characters stand on {len(pages)} pages")

    # Nothing is lost: every character stands on exactly one page.
    print(f"Joined, the pages' texts are the text: {''.join(page.text for page in pages) == TEXT}")

    # A page knows where each of its lines stands, in pixels and in the text.
    line = pages[0].lines[0]
    print(f"The first line, {line.text.strip()!r}, stands in the box {line.box} of page {pages[0].number}")

    # A style is a value: change one with `replace`. Here, larger letters on a dark page.
    dark = replace(PageStyle.dark(), font_size_pt=12, line_height_pt=14)
    print(f"In larger print, light on dark, it is {len(typeset(TEXT, style=dark))} pages")

    folder.mkdir(parents=True, exist_ok=True)
    for page in pages:
        (folder / f"page-{page.number:04d}.png").write_bytes(page.png())
    print(f"They are in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out/pages"))
