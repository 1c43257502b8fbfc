"""Build the fonts that ship with the package from Debian's DejaVu: `python tools/make_fonts.py [FOLDER]`.

DejaVu Sans draws `I`, `l` and `|` as three bars that cannot be told apart at 9 px, and its `0` differs from `O` by
width alone. The font already holds a serifed I and a tailed l; this makes them the default and takes the dotted zero
from DejaVu Sans Mono. As the licence asks of changed versions, the result has a name of its own. Metrics of all other
characters stay DejaVu's. DejaVu Sans Mono ships as it is.
"""

from __future__ import annotations

import shutil
import sys
from copy import deepcopy
from pathlib import Path

from fontTools.ttLib import TTFont

NAME = "Glyph Memory Sans"
SHIPPED = Path(__file__).parent.parent / "glyph_memory" / "fonts"


def main() -> None:
    """Write both fonts into the package."""
    dejavu = Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/fonts/truetype/dejavu")
    sans, mono = TTFont(dejavu / "DejaVuSans.ttf"), TTFont(dejavu / "DejaVuSansMono.ttf")
    for table in sans["cmap"].tables:
        if table.isUnicode():
            table.cmap |= {ord("I"): "I.alt", ord("l"): "l.alt"}
    zero = deepcopy(mono["glyf"]["zero"])
    advance = sans["hmtx"]["zero"][0]
    zero.coordinates.translate(((advance - mono["hmtx"]["zero"][0]) // 2, 0))
    zero.removeHinting()
    zero.recalcBounds(sans["glyf"])
    sans["glyf"]["zero"] = zero
    sans["hmtx"]["zero"] = (advance, zero.xMin)
    for record in sans["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            name = NAME.replace(" ", "") if record.nameID == 6 else NAME
            sans["name"].setName(name, record.nameID, record.platformID, record.platEncID, record.langID)
    sans.recalcTimestamp = False
    sans.save(SHIPPED / "GlyphMemorySans.ttf")
    shutil.copy(dejavu / "DejaVuSansMono.ttf", SHIPPED / "DejaVuSansMono.ttf")


if __name__ == "__main__":
    main()
