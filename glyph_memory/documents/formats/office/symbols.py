"""Signs that fonts of symbols draw, as Unicode has them: Office files name such a sign by its font and a number.

Knows the fonts Symbol and Wingdings, of which the signs in common use; knows nothing about files.
"""

from __future__ import annotations

_SYMBOL = dict(
    zip(
        range(0x61, 0x7B),
        "αβχδεφγηιϕκλμνοπθρστυϖωξψζ",
        strict=True,
    )
) | dict(zip(range(0x41, 0x5B), "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", strict=True))
_SYMBOL |= {
    0x22: "∀", 0x24: "∃", 0x2D: "−", 0x40: "≅", 0x5E: "⊥", 0xA2: "′", 0xA3: "≤", 0xA5: "∞", 0xA7: "♣", 0xA8: "♦",
    0xA9: "♥", 0xAA: "♠", 0xAB: "↔", 0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°", 0xB1: "±", 0xB2: "″",
    0xB3: "≥", 0xB4: "×", 0xB5: "∝", 0xB6: "∂", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBA: "≡", 0xBB: "≈", 0xBC: "…",
    0xC4: "⊗", 0xC5: "⊕", 0xC6: "∅", 0xC7: "∩", 0xC8: "∪", 0xC9: "⊃", 0xCD: "⊆", 0xCC: "⊂", 0xCE: "∈", 0xCF: "∉",
    0xD0: "∠", 0xD1: "∇", 0xD2: "®", 0xD3: "©", 0xD4: "™", 0xD5: "∏", 0xD6: "√", 0xD7: "⋅", 0xD8: "¬", 0xD9: "∧",
    0xDA: "∨", 0xDB: "⇔", 0xDC: "⇐", 0xDE: "⇒", 0xE5: "∑", 0xF2: "∫",
}  # fmt: skip
_WINGDINGS = {
    0x28: "☎", 0x2A: "✉", 0x46: "☞", 0x4A: "☺", 0x4C: "☹", 0x6C: "●", 0x6E: "■", 0x6F: "□", 0x71: "❑", 0x75: "◆",
    0x76: "❖", 0x9F: "•", 0xA1: "○", 0xA7: "▪", 0xA8: "☐", 0xAB: "★", 0xB7: "•", 0xD8: "➢", 0xDF: "←", 0xE0: "→",
    0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_FONTS = {"symbol": _SYMBOL, "wingdings": _WINGDINGS}


def find_symbol(font: str, code: int) -> str | None:
    """Return the sign of a font of symbols; None where it is not known which one it is.

    Args:
        font: Its name.
        code: The sign's number; fonts of symbols are mapped to 0xF000 and what follows.

    Example:
        >>> find_symbol("Wingdings", 0xF0FC)
        '✓'
    """
    signs = _FONTS.get(font.strip().lower())
    if signs is not None:
        return signs.get(code & 0xFF)
    is_text = 0x20 <= code < 0xD800 or 0xF900 <= code < 0x110000
    return chr(code) if is_text else None


def write_bullet(text: str, font: str = "") -> str:
    """Return the sign of a list's item, from what the file says and in which font.

    Example:
        >>> write_bullet("o", "Courier New"), write_bullet("-"), write_bullet(chr(0xF0A7), "Wingdings")
        ('◦', '-', '▪')
    """
    text = text.strip()
    if text == "o":
        return "◦"
    is_symbol = font.strip().lower() in _FONTS or any(0xE000 <= ord(sign) < 0xF900 for sign in text)
    if is_symbol:
        return (
            find_symbol(font if font.strip().lower() in _FONTS else "symbol", ord(text[0])) or "•"
            if text
            else ""
        )
    return text
