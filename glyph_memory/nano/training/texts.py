"""Make up what a reader learns from: prose, code, JSON, logs, chats, identifiers, random characters.

Words and sources are the standard library's, without the modules that are kept for measuring; the rest is random. All
comes from the generator that is handed in: the same one gives the same text on the same version of Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from glyph_memory.nano.alphabet import CLASSES, IDEOGRAPH, IDEOGRAPHS, TWIN_OF
from glyph_memory.nano.training.library import load_library
from glyph_memory.nano.training.patterns import (
    make_boxes,
    make_contents,
    make_indented,
    make_pictures,
    make_runs,
    make_separated,
)
from glyph_memory.nano.training.records import (
    make_identifier,
    make_identifiers,
    make_log,
    make_number,
    make_numbers,
    make_record,
)
from glyph_memory.nano.training.scripts import make_japanese, make_language, make_languages
from glyph_memory.transcript import Role, Transcript, Turn
from glyph_memory.transcription import UNREADABLE

_ASCII = "".join(map(chr, range(33, 127)))
_OFTEN = "eeeeeeeetttttaaaaaooooiiiinnnnsssshhhrrrddlllucmfwypvbgkjqxz"
_LOOKALIKES = "Il1|!iljtfr0OoQDCG8B3S5s6b9gqZz2uvwWVnmh,.;:'`\"-_~rnclUYyceoa"
_OTHER_SCRIPTS = "".join(
    map(chr, (*range(0x531, 0x557), *range(0x561, 0x587), *range(0x10D0, 0x10F6), *range(0x1401, 0x1480)))
)
_RARE = "".join(c for c in (*CLASSES, *TWIN_OF) if ord(c) > 126 and c not in (IDEOGRAPH, UNREADABLE, "§"))
_KANA = "".join(one for one in IDEOGRAPHS if ord(one) < 0x3100 or ord(one) > 0xFF00)
_KNOWN = frozenset(IDEOGRAPHS)
_UNKNOWN = tuple(
    character
    for row in range(0xA4, 0xC7)
    for cell in (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    for character in bytes((row, cell)).decode("big5", "ignore")
    if character not in _KNOWN
)
_PAIRS = (
    "“”", "“”", "‘’", "„“", '""', "''", "``", "«»", "()", "[]", "{}", "<>", "**", "__", "||", "‹›", "`'", "´`",
)  # fmt: skip
_ENDS = (
    "", "", "", ".", ",", "…", "...", "..", ":", ";", "’s", "'s", "–", "—", "-", "--", "-",
    "·", "•", "°", "*", "′", "″", "!", "?",
)  # fmt: skip
_ROLES: tuple[Role, ...] = ("user", "assistant", "assistant", "tool", "system")


def make_text(random: Random, characters: int) -> str:
    """Make up a text of about so many characters, of one kind or of a few."""
    kinds = random.choices(list(_KINDS), list(_KINDS.values()), k=random.choice((1, 2, 4)))
    between = random.choice(("\n", "\n", "\n\n", " "))
    parts, length = list[str](), 0
    while length < characters:
        parts.append(random.choice(kinds)(random))
        length += len(parts[-1]) + len(between)
    return between.join(parts)[: max(characters, 1)]


def make_chat(random: Random, characters: int) -> Transcript:
    """Make up a conversation of about so many characters."""
    turns, length = list[Turn](), 0
    anchor = random.choice((0, random.randrange(100), random.randrange(20_000)))
    while length < characters:
        text = make_text(random, random.choice((20, 100, 400, 1500))).replace("§", "$")
        anchor += random.choice((1, 1, 1, 2))
        turns.append(Turn(role=random.choice(_ROLES), text=text, anchor=anchor))
        length += len(text)
    return Transcript(tuple(turns))


def make_ideograph_text(random: Random, characters: int) -> str:
    """Make up a text of about so many characters, nearly all of them ideographs; some are not known."""
    return "".join(
        "".join(random.choices(random.choices((IDEOGRAPHS, _KANA, _UNKNOWN), (12, 4, 1))[0], k=15))
        + random.choice(("", "", "", "", " ", "7", "\n"))
        for _ in range(characters // 15)
    )


def _make_prose(random: Random) -> str:
    paragraph = random.choice(load_library().paragraphs)
    if random.random() < 0.3:  # as typographers write it
        paragraph = re.sub(r"(^|[\s(])\"", r"\1“", paragraph).replace('"', "”").replace("'", "’")
        paragraph = paragraph.replace(" -- ", random.choice((" – ", "—", " — "))).replace("...", "…")
    return paragraph


def _make_code(random: Random) -> str:
    lines = random.choice(load_library().sources)
    start = random.randrange(max(1, len(lines) - 30))
    return "\n".join(lines[start : start + 30])


def _make_shuffled_words(random: Random) -> str:
    words = [random.choice(load_library().words) for _ in range(random.randint(5, 60))]
    case = random.choice((str, str, str.capitalize, str.upper, str.title))
    return " ".join(
        case(word) + random.choice(("", "", "", "", ",", ".", ";", "?", "!", ":")) for word in words
    )


def _make_letters(random: Random) -> str:
    def make_word() -> str:
        made = "".join(random.choices(_OFTEN, k=random.randint(1, 11)))
        return random.choice((made, made, made, made.capitalize(), made.upper()))

    return " ".join(make_word() for _ in range(random.randint(5, 60)))


def _make_characters(random: Random) -> str:
    words = ("".join(random.choices(_ASCII, k=random.randint(1, 16))) for _ in range(random.randint(5, 40)))
    return " ".join(words)


def _make_lookalikes(random: Random) -> str:
    words = (
        "".join(random.choices(_LOOKALIKES, k=random.randint(1, 16))) for _ in range(random.randint(5, 40))
    )
    return " ".join(words)


def _make_punctuation(random: Random) -> str:
    """Make words among signs that look alike: straight and round quotes, dots, hyphens and dashes."""

    def make_word() -> str:
        made = random.choice((random.choice(load_library().words), "".join(random.choices(_ASCII, k=3)), ""))
        pair = random.choice(_PAIRS)
        return random.choice((f"{pair[0]}{made}{pair[1]}", made)) + random.choice(_ENDS)

    return random.choice((" ", " ", "")).join(make_word() for _ in range(random.randint(5, 40)))


def _make_rare(random: Random) -> str:
    pools = (_RARE, _RARE, _RARE[:94], _ASCII)
    words = ("".join(random.choices(random.choice(pools), k=random.randint(1, 9))) for _ in range(20))
    return " ".join(words)


def _make_other_scripts(random: Random) -> str:
    words = (
        "".join(random.choices(_OTHER_SCRIPTS, k=random.randint(2, 9))) for _ in range(random.randint(1, 9))
    )
    return " ".join(words)


def _make_ideographs(random: Random) -> str:
    signs = (*"、。，！？：；（）《》「」“”‘’1k", "")
    pieces = (
        "".join(random.choices(IDEOGRAPHS, k=random.randint(2, 12))) + random.choice(signs)
        for _ in range(random.randint(2, 12))
    )
    return "".join(pieces) + random.choice(("", f" {random.randrange(10_000)} ", _make_letters(random)))


def _make_markup(random: Random) -> str:
    words = load_library().words
    name = random.choice(words)
    said = " ".join(random.choices(words, k=random.randint(2, 12)))
    return random.choice(
        (
            f"## {said}\n\n- **{name}**: {said}\n- `{name}` [{said}](https://{name}.org/{make_identifier(random)})",
            f"| {name} | {make_number(random)} | {said} |\n|---|---:|:---|\n"
            f"| {said} | {make_number(random)} | {name} |",
            f"<{name} id=\"{make_identifier(random)}\">{said}</{name}>",
            f"{name} = {said!r}  # {said}",
            f"$ {name} --{random.choice(words)}={make_number(random)} | grep -E '{random.choice(words)}' > {name}.log",
            f"“{said},” said {name.title()}’s friend — ‘{said}’ … {said}",
            f"{name}\\u{{{random.randrange(0x3000):x}}}{said}\\u{{{random.randrange(0x20000):x}}}",
            "-" * random.randint(3, 80),
            "=" * random.randint(3, 80),
            f"{name:<24}{make_number(random):>14}{make_number(random):>14}   {said}",
        )
    )  # fmt: skip


_KINDS: dict[Callable[[Random], str], float] = {
    _make_prose: 20, _make_punctuation: 9, _make_code: 14, _make_shuffled_words: 6, _make_letters: 8,
    _make_characters: 10, _make_lookalikes: 6, _make_rare: 8,
    _make_other_scripts: 1.5, _make_ideographs: 5, make_identifiers: 12, make_numbers: 5, make_record: 9,
    make_log: 6, _make_markup: 6, make_language: 26, make_languages: 10, make_japanese: 5, make_runs: 7,
    make_contents: 4, make_separated: 4, make_boxes: 5, make_indented: 4, make_pictures: 1.5,
}  # fmt: skip
"""How each kind of text is made, and how often."""
