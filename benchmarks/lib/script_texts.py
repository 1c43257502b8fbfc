"""Texts in many alphabets to measure a reader on: people's own words where free ones are at hand, else made-up ones.

Words are those of the machine's gettext catalogues, or the names that Babel brings of languages, countries and months.
What a training may have seen is left out. Knows texts; knows nothing about readers.
"""

from __future__ import annotations

import gettext
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from glyph_memory.nano.alphabet import IDEOGRAPHS
from glyph_memory.nano.held_out import FIRST_HELD_OUT_SEED, is_held_out

_CATALOGUES = Path("/usr/share/locale")
_AT_LEAST = 0.75
"""A text of catalogues that has fewer of the characters that are asked for is filled up with other words."""
_LONGEST = 400
_MARKUP = re.compile(r"[<%&\\{}]|_\w")
"""What programs fill in or take out: messages with it are left out, for without it they are none that people write."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptText:
    """A text in one alphabet."""

    text: str
    """Lines of words."""
    source: str
    """Where its words come from."""
    alphabet: str
    """Which of the reader's alphabets it tells of."""


LANGUAGES = {
    "Western European": {
        "German": "de",
        "French": "fr",
        "Spanish": "es",
        "Portuguese": "pt",
        "Swedish": "sv",
    },
    "Central European": {"Polish": "pl", "Czech": "cs", "Hungarian": "hu"},
    "Baltic": {"Latvian": "lv", "Lithuanian": "lt"},
    "Romanian": {"Romanian": "ro"},
    "Turkish": {"Turkish": "tr"},
    "Vietnamese": {"Vietnamese": "vi"},
    "Greek": {"Greek": "el"},
    "Russian": {"Russian": "ru"},
    "Ukrainian": {"Ukrainian": "uk"},
    "Japanese": {"Japanese": "ja"},
    "Chinese": {"Chinese": "zh_CN"},
}
"""Languages and their codes, by the alphabet that they are measured for."""

_LETTERS = {
    "tr": "abcçdefgğhıijklmnoöprsştuüvyz",
    "vi": "abcdđeghiklmnopqrstuvxyàảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ",
    "el": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώ",
    "ru": "абвгдежзийклмнопрстуфхцчшщъыьэюяё",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "ja": "".join(map(chr, (*range(0x3041, 0x3094), *range(0x30A1, 0x30FB)))),
    "zh_CN": "".join(IDEOGRAPHS[:1500]),
}
_WESTERN = "abcdefghijklmnopqrstuvwxyzäöüßéèêçñãõåæøąęłńóśźżčďěňřšťůžőűăîâșț"


def make_script_texts(characters: int) -> dict[str, ScriptText]:
    """Return a text in each language, and one of boxes; the same ones every time on one machine."""
    found = {
        name: _make_language(code, alphabet, characters)
        for alphabet, languages in LANGUAGES.items()
        for name, code in languages.items()
    }
    boxes = ScriptText(text=_make_boxes(characters), source="made-up tables", alphabet="box drawing")
    return found | {"box drawing": boxes}


def _make_language(code: str, alphabet: str, characters: int) -> ScriptText:
    roll = random.Random(FIRST_HELD_OUT_SEED)
    ways = {"gettext catalogues": _catalogue_lines, "names of CLDR": _cldr_lines}
    for source, read_lines in ways.items():
        kept = sorted(set(read_lines(code)))
        roll.shuffle(kept)
        text = _take(iter(kept), characters)
        if len(text) >= _AT_LEAST * characters:
            return ScriptText(text=text, source=source, alphabet=alphabet)
    text = _take(_made_lines(code, roll), characters)
    return ScriptText(text=text, source="made-up words", alphabet=alphabet)


def _take(lines: Iterator[str], characters: int) -> str:
    """Return as many lines as have so many characters; fewer where there are no more."""
    kept, length = list[str](), 0
    for line in lines:
        if length >= characters:
            break
        kept.append(line)
        length += len(line) + 1
    return "\n".join(kept)[:characters]


def _catalogue_lines(code: str) -> Iterator[str]:
    """Yield the translated messages of the held-out catalogues; none with marks for programs, none left in English."""
    for path in sorted((_CATALOGUES / code / "LC_MESSAGES").glob("*.mo")):
        if not is_held_out(path.name):
            continue
        try:
            with path.open("rb") as file:
                messages = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]  # typeshed lacks it
        except (OSError, ValueError):
            continue
        for asked, said in messages.items():
            line = " ".join(_MARKUP.sub("", said).split())
            if (
                asked
                and asked != said
                and 20 < len(line) < _LONGEST
                and (code != "en")
                and not line.isascii()
            ):
                yield line


def _cldr_lines(code: str) -> Iterator[str]:
    """Yield rows of names, as CLDR has them in a language."""
    try:
        from babel import Locale
    except ImportError:
        return
    locale = Locale.parse(code)
    names = [*locale.territories.values(), *locale.languages.values()]
    names += [*locale.months["format"]["wide"].values(), *locale.days["format"]["wide"].values()]
    for start in range(0, len(names), 6):
        yield ", ".join(names[start : start + 6])


def _made_lines(code: str, roll: random.Random) -> Iterator[str]:
    letters = _LETTERS.get(code, _WESTERN)
    while True:
        words = ("".join(roll.choices(letters, k=roll.randint(1, 11))) for _ in range(10))
        yield " ".join(roll.choice((str, str, str, str.title, str.upper))(word) for word in words)


def _make_boxes(characters: int) -> str:
    """Return tables in frames, and trees of folders."""
    roll = random.Random(FIRST_HELD_OUT_SEED)
    words = ("name", "size", "total", "open", "done", "failed", "4711", "0.25", "yes", "no", "index", "job")
    lines, length = list[str](), 0
    while length < characters:
        widths = [roll.randint(6, 14) for _ in range(roll.randint(2, 5))]
        for ends in ("┌┬┐", "", "├┼┤", "", "", "└┴┘"):
            cells = [f" {roll.choice(words):<{width - 1}}" for width in widths]
            rule = ends[1:2].join("─" * width for width in widths)
            lines.append(f"{ends[:1]}{rule}{ends[2:]}" if ends else f"│{'│'.join(cells)}│")
        for _ in range(4):
            branch = "├── " if roll.random() < 0.5 else "└── "
            lines.append(f"{'│   ' * roll.randint(0, 3)}{branch}{roll.choice(words)}.py")
        length = sum(map(len, lines))
    return "\n".join(lines)[:characters]
