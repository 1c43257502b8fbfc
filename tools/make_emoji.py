"""Build the emoji font that ships with the package: `python tools/make_emoji.py NotoEmoji_700Bold.ttf`.

The source is Noto Emoji 3.006, Bold, under the SIL Open Font License: `npm pack @expo-google-fonts/noto-emoji@0.4.7`
holds it as a file. Bold, since thinner lines are pale grey at 9 px. From it are taken what people and models write most
days and the shipped DejaVu lacks, and the digits that keycaps enclose. Outlines are fitted with cubic curves, which
halves their bytes, and made smaller so that emoji of two lines never touch. The result has a name of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.misc.psCharStrings import T2CharString
from fontTools.pens.basePen import AbstractPen
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.qu2cuPen import Qu2CuPen
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

NAME = "Glyph Memory Emoji"
SHIPPED = Path(__file__).parent.parent / "glyph_memory" / "fonts"
UNITS_PER_EM = 512
SCALE = 0.9
"""Of the em square: the tallest emoji of Noto is 1.1 em high, and lines of the default style are 1.1 em apart."""
FIT_UNITS = 1.0
"""How far a fitted curve may lie beside Noto's own: a fiftieth of a pixel at 9 px."""
FRAME = 0.08 * UNITS_PER_EM
"""How thick the box around a flag's letter is."""
KEYCAPS = "#*0123456789\u20e3"
FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
EMOJI = (
    "⌚⌛⏩⏪⏫⏬⏭⏮⏯⏰⏱⏲⏳⏸⏹⏺Ⓜ⚽⚾⛄⛅⛓⛔⛪⛰⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗⤴⤵"
    "⬛⬜⭐⭕🅰🅱🅾🅿🆒🆓🆔🆕🆗🆘🆚🌀🌄🌈"
    "🌊🌋🌌🌍🌎🌏🌐🌙🌞🌟🌠🌡🌤🌧🌩🌪🌭🌮🌱🌲🌳🌴🌵🌶🌷🌸🌹🌻🌾🌿🍀🍁🍂🍃🍄🍅🍆🍇🍉🍊🍋🍌🍍🍎"
    "🍑🍒🍓🍔🍕🍖🍗🍚🍜🍝🍞🍟🍣🍦🍩🍪🍫🍬🍯🍰🍳🍵🍷🍸🍺🍻🍽🍿🎀🎁🎂🎃🎄🎆🎈🎉🎊🎓🎖🎙🎞🎤🎥🎧"
    "🎨🎫🎬🎭🎮🎯🎲🎵🎶🎸🎹🎾🏀🏁🏃🏄🏅🏆🏈🏋🏎🏐🏔🏖🏗🏙🏛🏝🏠🏡🏢🏥🏦🏨🏪🏫🏭🏳🏴🏷🏻🏼🏽🏾"
    "🏿🐉🐌🐍🐎🐑🐒🐔🐘🐙🐛🐝🐞🐟🐢🐤🐦🐧🐨🐬🐯🐰🐲🐴🐶🐷🐸🐺🐻🐼🐾👀👁👆👇👈👉👊👋👌👍👎👏👐"
    "👑👓👛👟👠👣👤👥👦👧👨👩👮👴👵👶👷👻👽👾👿💀💁💃💅💉💊💋💌💍💎💏💑💓💔💕💖💗💘💙💚💛💜💝"
    "💞💡💢💣💤💥💦💧💨💩💪💫💬💭💯💰💱💲💳💵💸💻💼💾💿📁📂📃📄📅📆📈📉📊📋📌📍📎📏📐📑📓📕📖"
    "📗📘📙📚📜📝📞📡📢📣📤📥📦📧📨📩📬📰📱📲📶📷📸📹📺🔀🔁🔃🔄🔆🔇🔈🔊🔋🔌🔍🔎🔏🔐🔑🔒🔓🔔🔕"
    "🔖🔗🔘🔙🔚🔛🔜🔝🔠🔡🔢🔣🔤🔥🔦🔧🔨🔩🔪🔬🔭🔮🔲🔳🔴🔵🔶🔷🔸🔹🔺🔻🔼🔽🕊🕌🕒🕯🕵🕷🕺🖇🖌🖕"
    "🖤🖥🖨🖱🖼🗂🗃🗑🗒🗓🗜🗡🗣🗳🗺😤😬🙁🙂🙄🙅🙇🙈🙉🙊🙋🙌🙏🚀🚌🚑🚓🚕🚗🚚🚜🚢🚥🚦🚧🚨🚩🚪🚫"
    "🚲🚶🚻🚽🚿🛍🛏🛑🛒🛠🛡🛫🛰🟠🟡🟢🟣🟤🟥🟦🟧🟨🟩🟪🟫🟰🤌🤍🤎🤐🤑🤒🤓🤔🤕🤖🤗🤘🤙🤝🤞🤟🤠🤡"
    "🤢🤣🤤🤥🤦🤧🤨🤩🤪🤫🤬🤭🤮🤯🤷🤸🥀🥂🥇🥈🥉🥊🥑🥓🥔🥕🥗🥚🥞🥦🥰🥱🥲🥳🥵🥶🥷🥹🥺🦀🦁🦄🦅🦆"
    "🦈🦉🦊🦋🦖🦠🦰🦱🦲🦳🦴🦷🧀🧐🧑🧙🧠🧡🧩🧪🧫🧬🧭🧯🧰🧱🧲🧹🧾🩵🩷🩸🩹🩺🪄🪏🪐🪙🪛🪜🪞🪟🪣🪤"
    "🪪🪫🪴🫀🫁🫂🫠🫡🫢🫣🫤🫥🫦🫨🫩🫰🫵🫶"
)


def main() -> None:
    """Write the font into the package."""
    noto = TTFont(sys.argv[1])
    cmap = {
        ord(character): noto.getBestCmap()[ord(character)] for character in KEYCAPS + FLAG_LETTERS + EMOJI
    }
    glyphs = [".notdef", *dict.fromkeys(cmap.values())]
    scale = SCALE * UNITS_PER_EM / noto["head"].unitsPerEm
    metrics = {glyph: tuple(round(value * scale) for value in noto["hmtx"][glyph]) for glyph in glyphs}
    outlines = {glyph: draw_outline(noto, glyph, scale, width) for glyph, (width, _) in metrics.items()}
    for letter in FLAG_LETTERS:
        metrics[cmap[ord(letter)]], outlines[cmap[ord(letter)]] = frame_letter(noto, cmap[ord(letter)], scale)
    names = {
        "copyright": noto["name"].getDebugName(0),
        "familyName": NAME,
        "styleName": "Regular",
        "uniqueFontIdentifier": NAME,
        "fullName": NAME,
        "version": noto["name"].getDebugName(5),
        "psName": NAME.replace(" ", ""),
        "licenseDescription": noto["name"].getDebugName(13),
        "licenseInfoURL": noto["name"].getDebugName(14),
    }
    font = FontBuilder(UNITS_PER_EM, isTTF=False)
    font.setupGlyphOrder(glyphs)
    font.setupCharacterMap(cmap)
    font.setupCFF(names["psName"], {"FullName": NAME}, outlines, {})
    font.setupHorizontalMetrics(metrics)
    ascent, descent = (round(getattr(noto["hhea"], side) * scale) for side in ("ascent", "descent"))
    font.setupHorizontalHeader(ascent=ascent, descent=descent)
    font.setupNameTable(names, mac=False)
    font.setupOS2(sTypoAscender=ascent, sTypoDescender=descent, usWinAscent=ascent, usWinDescent=-descent)
    font.setupPost(keepGlyphNames=False)
    font.font["head"].created = font.font["head"].modified = noto["head"].modified
    font.font.recalcTimestamp = False
    font.save(SHIPPED / "GlyphMemoryEmoji.otf")


def frame_letter(noto: TTFont, glyph: str, scale: float) -> tuple[tuple[int, int], T2CharString]:
    """Return a letter of flags in a box, and its metrics: bare, it would look like one that was typed."""
    bounds = BoundsPen(noto.getGlyphSet())
    noto.getGlyphSet()[glyph].draw(bounds)
    left, bottom, right, top = (value * scale for value in bounds.bounds)
    gap, line = 2 * FRAME, FRAME
    width = round(right - left + 2 * (gap + line) + FRAME)
    outline = T2CharStringPen(width, None)
    recording = DecomposingRecordingPen(noto.getGlyphSet())
    noto.getGlyphSet()[glyph].draw(recording)
    recording.replay(TransformPen(outline, (scale, 0, 0, scale, gap + line - left, 0)))
    x, low, high = right - left + 2 * (gap + line), bottom - gap - line, top + gap + line
    draw_polygon(outline, (0, low), (0, high), (x, high), (x, low))
    inner = line, low + line, x - line, high - line
    draw_polygon(outline, inner[:2], (inner[2], inner[1]), inner[2:], (inner[0], inner[3]))
    return (width, 0), outline.getCharString()


def draw_polygon(pen: AbstractPen, first: tuple[float, float], *others: tuple[float, float]) -> None:
    """Draw a closed contour."""
    pen.moveTo(first)
    for point in others:
        pen.lineTo(point)
    pen.closePath()


def draw_outline(noto: TTFont, glyph: str, scale: float, width: int) -> T2CharString:
    """Return a glyph of Noto as cubic curves on the smaller em square."""
    outline = T2CharStringPen(width, None)
    recording = DecomposingRecordingPen(noto.getGlyphSet())
    noto.getGlyphSet()[glyph].draw(recording)
    scaled = TransformPen(outline, (scale, 0, 0, scale, 0, 0))
    recording.replay(Qu2CuPen(scaled, FIT_UNITS / scale, all_cubic=True))
    return outline.getCharString()


if __name__ == "__main__":
    main()
