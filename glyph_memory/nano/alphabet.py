"""The characters that the nano reader knows, and the measures that its network is trained with.

Letters of different scripts that look the same on a page, such as Latin `a` and Cyrillic `а`, are one class, named by
the Latin one; `glyph_memory.nano.scripts` gives words of the other script their own letters back.
"""

from __future__ import annotations

from glyph_memory.transcription import UNREADABLE

ROWS_ABOVE, ROWS_BELOW = 14, 6
"""Rows of a strip above and below the baseline; neighbouring lines reach into it."""
ROWS = ROWS_ABOVE + ROWS_BELOW
STEP_PX = 2
"""From one cell of the network's output to the next."""
LEAD_PX = 3
"""A character belongs to the cell so far right of where it begins: nearer its middle."""
EDGE_PX = 12
"""Columns at both ends of a strip that the network is not trained on: characters there may be cut."""
GLANCE_FROM_PX, GLANCE_PX = 5, 16
"""A second look at an ideograph begins so many pixels left of its cell, and is so wide."""
SIZE_PX = 9.5
"""What letters that are much smaller or larger are resampled to: their em square, in pixels."""
SIZES_PX = (7.9, 11.6)
"""Letters from the one to the other size are read as they are."""

IDEOGRAPH = "\N{GETA MARK}"
"""The class of Chinese and Japanese characters; which one it is takes a second look."""

_ASCII = "".join(map(chr, range(33, 127)))
_LATIN = "".join(map(chr, (*range(0xA1, 0xAD), *range(0xAE, 0x100)))) + (
    "ĀāĂăĄąĆćČčĎďĐđĒēĘęĚěĞğĢģĪīĮįİıĶķĹĺĻļĽľŁłŃńŅņŇňŌōŐőŒœŔŕŘřŚśŞşŠšŢţŤťŪūŮůŰűŲųŸŹźŻżŽžƒ"
    "ẠạẢảẤấẦầẨẩẬậẮắẰằẾếỀềỂểỄễỆệỊịỌọỎỏỐốỒồỔổỘộỚớỜờỞởỤụỦủỨứỪừỮữỰựỲỳỶỷỸỹƠơƯư"
    "ẸẹẺẻẼẽẲẳẴẵẶặẪẫĨĩỈỉŨũỴỵỖỗỠỡỢợỬửĈĉĜĝĤĥĴĵŜŝŬŭĦħĊċĠġŴŵŶŷ"
)
GREEK = "ΓΔΘΛΞΠΣΦΨΩαβγδεζηθικλνξπρστυφχψωςάέήίόύώΆΈΉΊΌΎΏΐΰϊϋΪΫ"
CYRILLIC = "БДЖЗИЙЛУЦЧШЩЪЫЬЭЮЯбвгджзийлмнптфцчшщъыьэюяёЁїєґЇЄҐЎўЂЋЉЊЏђћљњџЃЌѓќ"
_SIGNS = (
    "–—‘’‚“”„†‡•…‰′″‹›€™←↑→↓↔⇐⇒⇔−√∞≈≠≤≥✓✗⏎■□▲△▶▼◀◆○●★☆☐☑☒─│┌┐└┘├┤┬┴┼═║█░▒∀∂∃∅∇∈∧∨∩∪∫⁰⁴⁵⁶⁷⁸⁹₀₁₂₃↵↳"
    "╔╗╚╝╠╣╦╩╬╭╮╯╰▓▄▀▌▐━┃┏┓┗┛┣┫┳┻╋▁▂▃▅▆▇➜❯✔✘⚠◦▪▸▾◇≡⊂⊆∉⊕⊗⋯№₄₅₆₇₈₉⁺⁻ⁿ╌┄"
)

CLASSES = (" ", *dict.fromkeys(_ASCII + _LATIN + GREEK + CYRILLIC + _SIGNS), IDEOGRAPH, UNREADABLE)
"""What the network tells apart; a space is a class, and stands where a word ends."""


def _common_ideographs() -> str:
    """Return the characters that GB 2312 and JIS X 0208 list first, the kana, and the signs that go with them."""
    chinese = _decode_rows("gb2312", 56)
    kana = "".join(map(chr, (*range(0x3041, 0x3094), *range(0x30A1, 0x30FB))))
    japanese = "".join(sorted(set(_decode_rows("euc_jp", 48)) - set(chinese)))
    return chinese + kana + _FULL_WIDTH + japanese


def _decode_rows(encoding: str, stop: int) -> str:
    """Return the characters of a table's rows from 16 on: the common ones come first."""
    codes = (bytes((0xA0 + row, 0xA0 + cell)) for row in range(16, stop) for cell in range(1, 95))
    return "".join(code.decode(encoding, "ignore") for code in codes)


_FULL_WIDTH = "、。〈〉《》「」『』【】〔〕・ー々！（），．：；？～％＋＝／"
IDEOGRAPHS = tuple(_common_ideographs())
"""Those that the second look tells apart; numbered on after `CLASSES`."""

NUMBER_OF = {character: number for number, character in enumerate((*CLASSES, *IDEOGRAPHS))}
"""The number of each class, and of each ideograph that the second look knows."""

GREEK_TWINS = dict(zip("ABEZHIKMNOPTYXoµ", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧομ", strict=True))
CYRILLIC_TWINS = dict(zip("ABEKMHOPCTXaceopxysijΓΠΦκ", "АВЕКМНОРСТХасеорхуѕіјГПФк", strict=True))
TWIN_OF = {twin: one for twins in (GREEK_TWINS, CYRILLIC_TWINS) for one, twin in twins.items()}
"""Of characters that are no class of their own: the class that looks the same."""


def find_class(character: str) -> int:
    """Return the class of a character on a page; that of `UNREADABLE` for an unknown one."""
    character = TWIN_OF.get(character, character)
    if character in NUMBER_OF:
        return NUMBER_OF[character]
    return NUMBER_OF[IDEOGRAPH if is_ideograph(character) else UNREADABLE]


def is_ideograph(character: str) -> bool:
    """Return whether a character is Chinese or Japanese, or one of their signs: as wide as it is high."""
    code = ord(character)
    return (
        0x3000 < code < 0x3100 or 0x3400 <= code < 0xA000 or 0xF900 <= code < 0xFB00 or 0xFF00 < code < 0xFF61
    )
