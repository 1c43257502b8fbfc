"""Numbers as lists write them: letters, Roman and Chinese numerals. Knows numbers alone."""

from __future__ import annotations

_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_CHINESE = "〇一二三四五六七八九"
_CHINESE_FORMS = frozenset(
    {"chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCountingThousand"}
)
_LETTERS_AT_MOST = 780
"""Thirty times the alphabet; beyond, digits say more."""


def write_number(count: int, form: str) -> str:
    """Return a number in the form of a list; plain digits where the form is not known.

    Args:
        count: The number.
        form: As `w:numFmt` names it, or the beginning of what `a:buAutoNum` names.

    Example:
        >>> [write_number(28, form) for form in ("decimal", "lowerLetter", "upperRoman", "decimalZero")]
        ['28', 'bb', 'XXVIII', '28']
    """
    if form in {"none", "bullet"}:
        return ""
    text = f"{count:02}" if form == "decimalZero" else str(count)
    if form in {"lowerLetter", "upperLetter"} and 0 < count <= _LETTERS_AT_MOST:
        text = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
    elif form in {"lowerRoman", "upperRoman"} and 0 < count < 4000:
        text = _write_roman(count)
    elif form == "ordinal":
        end = "th" if count % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
        text = f"{count}{end}"
    elif form in _CHINESE_FORMS and 0 < count < 100:
        text = _write_chinese(count)
    return text.upper() if form.startswith("upper") else text


def _write_roman(count: int) -> str:
    roman = ""
    for worth, sign in _ROMAN:
        roman += sign * (count // worth)
        count %= worth
    return roman


def _write_chinese(count: int) -> str:
    tens, ones = divmod(count, 10)
    head = ("" if tens == 1 else _CHINESE[tens]) + "十" if tens else ""
    return head + (_CHINESE[ones] if ones else "")
