"""What a number's format shows of it: percent, decimals, thousands, units. Knows formats of XLSX, and no files.

Of times it knows whether they are shown alone. A format with more in it, such as fractions, powers or dates, is none
here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from decimal import ROUND_HALF_UP, Decimal
from xml.etree.ElementTree import Element

BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: "$#,##0;-$#,##0",
    6: "$#,##0;-$#,##0",
    7: "$#,##0.00;-$#,##0.00",
    8: "$#,##0.00;-$#,##0.00",
    9: "0%",
    10: "0.00%",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)",
}
"""Those that have a number and no text in the file."""
_PIECE = re.compile(
    r'"([^"]*)"|\\(.)|\[\$([^\]-]*)(?:-[^\]]*)?\]|(_.)|(\*.)|(\[[A-Za-z]+\d*\])|([#0?][#0?,]*(?:\.[#0?]*,*)?)|([%$€£¥+\-()\s:])|(.)',
    re.DOTALL,
)
_NO_SHAPE = re.compile(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
"""What of a format is text, colour or language."""
_TIME = re.compile(r"\s*h[hms:.0\s]*(?:am/pm|a/p)?\s*", re.IGNORECASE)
_MOST_CHARACTERS = 255
_MOST_DECIMALS = 9
_LARGEST = 1e15
_NO_FORMATS = frozenset({"general", "@", ""})


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberFormat:
    """How numbers of one sign are shown."""

    before: str
    """Text before the digits."""
    after: str
    """Text after them."""
    decimals: int
    """How many digits stand after the point at the most..."""
    least: int
    """...and at least, zeros included."""
    digits: int
    """How many stand before it at least."""
    has_thousands: bool
    """Whether commas part them."""
    scale: int
    """What the number is multiplied with, as a power of ten: 2 for percent."""
    has_sign: bool
    """Whether the digits show a minus."""

    def show(self, value: float) -> tuple[str, bool]:
        """Return a number as the cell shows it, and whether digits of it are not shown."""
        stored = Decimal(f"{value:.15g}").scaleb(self.scale)
        number = stored.quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)
        sign = "-" if self.has_sign and number < 0 else ""
        whole, _, rest = f"{abs(number):f}".partition(".")
        rest = rest[: self.least] + rest[self.least :].rstrip("0")
        whole = f"{int(whole):,}" if self.has_thousands else whole
        whole = whole.zfill(self.digits) if self.digits else whole.lstrip("0")
        return f"{sign}{self.before}{whole}{'.' if rest else ''}{rest}{self.after}", number != stored


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeFormat:
    """A time of the day that is shown alone."""

    has_seconds: bool
    """Whether its seconds are shown."""

    def show(self, value: datetime | time) -> tuple[str, bool]:
        """Return a time as the cell shows it, and whether something smaller is not shown."""
        of_day = value.time() if isinstance(value, datetime) else value
        shown = of_day.isoformat("seconds" if self.has_seconds else "minutes")
        return shown, time.fromisoformat(shown) != of_day


Sections = tuple[NumberFormat, ...]
"""For positive numbers, negative ones and zero."""
CellFormat = Sections | TimeFormat
"""What a cell shows of what it holds."""


def show_number(sections: Sections, value: float) -> tuple[str, bool] | None:
    """Return a number as its cell shows it, and whether that is rounded; None where it is too large to be exact."""
    if not -_LARGEST < value < _LARGEST:
        return None
    place = 1 if value < 0 and len(sections) > 1 else 2 if value == 0 and len(sections) > 2 else 0
    return sections[place].show(value)


def parse_format(code: str) -> Sections:
    """Return what a format says; nothing where it is General, of dates or texts, or has more in it.

    Example:
        >>> [show_number(parse_format(code), 2024.5) for code in ('0.0%', '#,##0.00 "EUR"', '"FY "0')]
        [('202450.0%', False), ('2,024.50 EUR', False), ('FY 2025', True)]
    """
    sections = list[NumberFormat]()
    for place, part in enumerate(_split(code[:_MOST_CHARACTERS])[:3]):
        section = _parse_section(part, has_sign=place != 1)
        if section is None:
            return ()
        sections.append(section)
    return tuple(sections)


def _split(code: str) -> list[str]:
    return re.findall(r'(?:"[^"]*"|\\.|[^;"\\])+', code)


def _parse_section(part: str, *, has_sign: bool) -> NumberFormat | None:
    before, after, digits, percents = "", "", "", 0
    for found in _PIECE.finditer(part):
        quoted, escaped, currency, space, _, _, number, sign, other = found.groups()
        if other is not None or (number is not None and digits):
            return None
        if number is not None:
            digits = number
            continue
        text = quoted or escaped or currency or sign or (" " if space and (before or digits) else "")
        percents += sign == "%"
        if digits:
            after += text
        else:
            before += text
    kept = digits.rstrip(",")
    whole, _, decimals = kept.partition(".")
    if not digits or percents > 1 or len(decimals) > _MOST_DECIMALS:
        return None
    return NumberFormat(
        before=before,
        after=after.rstrip(),
        decimals=len(decimals),
        least=len(decimals.rstrip("#?")),
        digits=whole.count("0"),
        has_thousands="," in whole,
        scale=2 * percents - 3 * (len(digits) - len(kept)),
        has_sign=has_sign,
    )


def parse_time(code: str) -> TimeFormat | None:
    """Return a format that shows a time and no date; None for any other.

    Example:
        >>> [parse_time(code) is not None for code in ("hh:mm", "[$-409]h:mm AM/PM;@", "d mmm hh:mm", "[h]:mm")]
        [True, True, False, False]
    """
    shape = _NO_SHAPE.sub("", code[:_MOST_CHARACTERS]).partition(";")[0]
    return TimeFormat(has_seconds="s" in shape.lower()) if _TIME.fullmatch(shape) else None


def find_formats(styles: Element) -> dict[int, CellFormat]:
    """Return the formats of cells that show more than General does, by style; empty are those that are none here.

    Args:
        styles: The root of `styles.xml`.
    """
    codes: dict[str, str] = {str(number): code for number, code in BUILT_IN.items()}
    formats = dict[int, CellFormat]()
    for element in styles.iter():
        if element.tag.rpartition("}")[2] == "numFmt":
            codes[element.get("numFmtId", "")] = element.get("formatCode", "")
    cells = next((one for one in styles.iter() if one.tag.rpartition("}")[2] == "cellXfs"), ())
    for place, style in enumerate(cells):
        code = codes.get(style.get("numFmtId", ""), "")
        if code.lower() not in _NO_FORMATS:
            formats[place] = parse_time(code) or parse_format(code)
    return formats
