"""Build the emoji font that ships with the package: `python tools/make_emoji.py NotoEmoji_700Bold.ttf`.

The source is Noto Emoji 3.006, Bold, under the SIL Open Font License: `npm pack @expo-google-fonts/noto-emoji@0.4.7`
holds it as a file. Bold, since thinner lines are pale grey at 9 px. From it are taken what people and models write most
days and the shipped DejaVu lacks, and the digits that keycaps enclose; not the rainbow, which looks like the rocket at
9 px. Outlines are fitted with cubic curves, which takes a third off their bytes, and made smaller, so that emoji of two
lines never touch. Letters of flags get a box. The result has a name of its own.
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
LETTER_SCALE = 0.8
"""Of a flag's letter, so that the box around it is no higher than other emoji."""
LETTER_BOTTOM, FRAME_BOTTOM, FRAME_TOP = 0.06 * UNITS_PER_EM, -0.14 * UNITS_PER_EM, 0.79 * UNITS_PER_EM
FRAME, FRAME_GAP = 0.05 * UNITS_PER_EM, 0.16 * UNITS_PER_EM
"""How thick the box is, and how far from the letter's sides."""
KEYCAPS = "#*0123456789\u20e3"
FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
EMOJI = (
    "⌚⌛⏩⏪⏫⏬⏭⏮⏯⏰⏱⏲⏳⏸⏹⏺Ⓜ⚽⚾⛄⛅⛏⛓⛔⛪⛰⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗⤴"
    "⤵⬛⬜⭐⭕🅰🅱🅾🅿🆒🆓🆔🆕🆗🆘🆚🌀🌃🌄🌅🌆🌇🌊🌋🌌🌍🌎🌏🌐🌙🌞🌟🌠🌡🌤🌧🌩🌪🌭🌮🌯🌱🌲"
    "🌳🌴🌵🌶🌷🌸🌹🌻🌾🌿🍀🍁🍂🍃🍄🍅🍆🍇🍉🍊🍋🍌🍍🍎🍑🍒🍓🍔🍕🍖🍗🍙🍚🍛🍜🍝🍞🍟🍣🍦🍩🍪🍫🍬"
    "🍯🍰🍲🍳🍵🍷🍸🍹🍺🍻🍼🍽🍾🍿🎀🎁🎂🎃🎄🎆🎈🎉🎊🎒🎓🎖🎙🎛🎞🎤🎥🎧🎨🎩🎪🎫🎬🎭🎮🎯🎲🎵🎶🎸"
    "🎹🎻🎾🏀🏁🏃🏄🏅🏆🏈🏊🏋🏎🏐🏓🏔🏖🏗🏙🏛🏝🏠🏡🏢🏥🏦🏨🏪🏫🏭🏳🏴🏷🏻🏼🏽🏾🏿🐇🐈🐉🐋🐌🐍"
    "🐎🐑🐒🐔🐕🐘🐙🐛🐝🐞🐟🐢🐤🐦🐧🐨🐬🐯🐰🐲🐳🐴🐶🐷🐸🐺🐻🐼🐾👀👁👂👃👄👅👆👇👈👉👊👋👌👍👎"
    "👏👐👑👓👔👕👗👛👟👠👣👤👥👦👧👨👩👮👴👵👶👷👻👽👾👿💀💁💃💅💉💊💋💌💍💎💏💑💓💔💕💖💗💘"
    "💙💚💛💜💝💞💡💢💣💤💥💦💧💨💩💪💫💬💭💯💰💱💲💳💴💵💶💷💸💻💼💾💿📁📂📃📄📅📆📈📉📊📋📌"
    "📍📎📏📐📑📓📕📖📗📘📙📚📜📝📞📡📢📣📤📥📦📧📨📩📬📰📱📲📶📷📸📹📺📻📽🔀🔁🔃🔄🔆🔇🔈🔊🔋"
    "🔌🔍🔎🔏🔐🔑🔒🔓🔔🔕🔖🔗🔘🔙🔚🔛🔜🔝🔟🔠🔡🔢🔣🔤🔥🔦🔧🔨🔩🔪🔬🔭🔮🔰🔲🔳🔴🔵🔶🔷🔸🔹🔺🔻"
    "🔼🔽🕊🕌🕒🕯🕰🕵🕷🕸🕹🕺🖇🖊🖋🖌🖕🖤🖥🖨🖱🖼🗂🗃🗑🗒🗓🗜🗝🗞🗡🗣🗳🗺🗼🗽😤😬🙁🙂🙄🙅🙇🙈"
    "🙉🙊🙋🙌🙏🚀🚁🚂🚄🚆🚇🚌🚑🚓🚕🚗🚚🚜🚢🚥🚦🚧🚨🚩🚪🚫🚲🚴🚶🚻🚽🚿🛁🛋🛍🛏🛑🛒🛠🛡🛫🛰🟠🟡"
    "🟢🟣🟤🟥🟦🟧🟨🟩🟪🟫🟰🤌🤍🤎🤐🤑🤒🤓🤔🤕🤖🤗🤘🤙🤝🤞🤟🤠🤡🤢🤣🤤🤥🤦🤧🤨🤩🤪🤫🤬🤭🤮🤯🤷"
    "🤸🥀🥂🥇🥈🥉🥊🥐🥑🥓🥔🥕🥖🥗🥚🥛🥝🥞🥤🥦🥨🥰🥱🥲🥳🥵🥶🥷🥹🥺🦀🦁🦄🦅🦆🦈🦉🦊🦋🦒🦓🦖🦜🦠"
    "🦥🦰🦱🦲🦳🦴🦷🧀🧊🧐🧑🧘🧙🧠🧡🧢🧩🧪🧫🧬🧭🧯🧰🧱🧲🧵🧸🧹🧼🧾🩵🩷🩸🩹🩺🪄🪏🪐🪑🪙🪛🪜🪞🪟"
    "🪣🪤🪪🪫🪲🪴🪵🫀🫁🫂🫠🫡🫢🫣🫤🫥🫦🫨🫩🫰🫵🫶"
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
    glyphs, small = noto.getGlyphSet(), LETTER_SCALE * scale
    bounds, recording = BoundsPen(glyphs), DecomposingRecordingPen(glyphs)
    glyphs[glyph].draw(bounds)
    glyphs[glyph].draw(recording)
    left, _, right, _ = (value * small for value in bounds.bounds)
    edge = right - left + 2 * (FRAME_GAP + FRAME)
    outline = T2CharStringPen(round(edge + FRAME), None)
    recording.replay(TransformPen(outline, (small, 0, 0, small, FRAME_GAP + FRAME - left, LETTER_BOTTOM)))
    low, high = FRAME_BOTTOM, FRAME_TOP
    draw_polygon(outline, (0, low), (0, high), (edge, high), (edge, low))
    low, high = low + FRAME, high - FRAME
    draw_polygon(outline, (FRAME, low), (edge - FRAME, low), (edge - FRAME, high), (FRAME, high))
    return (round(edge + FRAME), 0), outline.getCharString()


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
