"""Make up what is no sentence: runs of one sign, dot leaders, tables, boxes, indented lines, pictures.

Knows characters; knows nothing about pages.
"""

from __future__ import annotations

from random import Random

from glyph_memory.nano.alphabet import CLASSES
from glyph_memory.nano.training.library import load_library
from glyph_memory.nano.training.records import make_number

_RUN_SIGNS = "....,,,,====----____~~~~****####++++::;;''\"\"``||!!??//\\\\<<>>^^%%&&@@$$" + (
    "··••──══━━░░▒▒██■■…″′°→×0019xXoOlI"
)
_BLOCKS = "█▓▒░▄▀▌▐▁▂▃▅▆▇■□▪"
_BOXES = ("┌┬┐├┼┤└┴┘─│", "╔╦╗╠╬╣╚╩╝═║", "┏┳┓┣╋┫┗┻┛━┃", "╭┬╮├┼┤╰┴╯─│", "+++++++++-|")
_TREES = ("├── ", "│   ├── ", "│   └── ", "└── ", "    └── ")
_ARROWS = "←↑→↓↔⇐⇒⇔➜▶◀▸❯↳↵"
_DRAWN = tuple(one for one in CLASSES if 0x2190 <= ord(one) < 0x2800)
_PICTURES = "".join(
    map(
        chr,
        (
            *range(0x1F600, 0x1F640), *range(0x1F300, 0x1F322), *range(0x1F400, 0x1F43F), *range(0x1F680, 0x1F6C0),
            *range(0x2654, 0x2660), *range(0x2701, 0x2713), *range(0x2720, 0x2750), *range(0x2600, 0x2605),
            *range(0x2607, 0x2610), 0x2705, 0x274C, 0x2753, 0x2757, 0x1F389, 0x1F4A1, 0x1F525, 0x1F4DD, 0x1F44D,
        ),
    )
)  # fmt: skip


def make_runs(random: Random) -> str:
    """Make up lines in which a sign stands 2 to 90 times in a row."""

    def make_line() -> str:
        parts = list[str]()
        for _ in range(random.randint(1, 6)):
            count = random.choice((2, 3, 3, 4, 5, 6, 8, random.randint(2, 20), random.randint(2, 90)))
            parts.append(random.choice(_RUN_SIGNS) * count)
            parts.append(random.choice(("", " ", " ", _make_words(random, 3), make_number(random))))
        return random.choice(("", "", " ")).join(parts)[:200]

    return "\n".join(make_line() for _ in range(random.randint(1, 6)))


def make_contents(random: Random) -> str:
    """Make up a table of contents with leaders."""
    dot = random.choice((".", ".", ".", ". ", " .", "·", "_", "-", "…"))
    width = random.randint(30, 90)

    def make_entry() -> str:
        title = f"{random.choice(('', '1.2 ', '3 ', 'A. '))}{_make_words(random, 5)}"
        return f"{title} {dot * max(2, (width - len(title)) // len(dot))} {random.randrange(400)}"

    return "\n".join(make_entry() for _ in range(random.randint(2, 12)))


def make_separated(random: Random) -> str:
    """Make up rows of separated values, many of them empty or quoted."""
    sign = random.choice((",", ",", ",", ";", "|", ", "))
    quote = random.choice(("", "", '"', "'"))

    def make_cell() -> str:
        cell = random.choice(
            (make_number(random), _make_words(random, 2), "", "", str(random.randrange(100)))
        )
        return f"{quote}{cell}{quote}"

    columns = random.randint(3, 12)
    return "\n".join(sign.join(make_cell() for _ in range(columns)) for _ in range(random.randint(2, 10)))


def make_boxes(random: Random) -> str:
    """Make up tables in boxes, trees of files, bars of blocks, arrows."""
    choice = random.random()
    if choice < 0.4:
        return _make_box(random)
    if choice < 0.6:
        return "\n".join(random.choice(_TREES) + _make_words(random, 1) for _ in range(random.randint(3, 12)))
    if choice < 0.8:
        return "\n".join(
            f"{_make_words(random, 1)} {random.choice(_BLOCKS) * random.randint(1, 30)}"
            f"{random.choice(_BLOCKS) * random.randint(0, 20)} {make_number(random)}"
            for _ in range(random.randint(2, 8))
        )
    return " ".join(
        random.choice((_make_words(random, 2), random.choice(_ARROWS), "".join(random.choices(_DRAWN, k=3))))
        for _ in range(random.randint(8, 40))
    )


def make_indented(random: Random) -> str:
    """Make up lines that begin at different depths and end in brackets, as YAML and JSON do."""

    def make_line() -> str:
        depth = random.choice((1, 2, 3, 4, 6, 8, 12)) * random.choice((2, 2, 4))
        ends = random.choice(
            ("{", "}", "},", "]", "],", "[", ")", "):", "", "", ",", "- ", ":", "pass", "};")
        )
        return f"{' ' * depth}{_make_words(random, 3) if random.random() < 0.7 else ''}{ends}" or "x"

    return "\n".join(make_line() for _ in range(random.randint(5, 25)))


def make_pictures(random: Random) -> str:
    """Make up text with emoji and other pictures, which the network is to call unreadable."""
    return " ".join(
        _make_words(random, 2)
        + random.choice((" ", ""))
        + "".join(random.choices(_PICTURES, k=random.choice((1, 1, 3))))
        for _ in range(random.randint(3, 12))
    )


def _make_box(random: Random) -> str:
    signs = random.choice(_BOXES)
    widths = [random.randint(3, 16) for _ in range(random.randint(1, 5))]

    def make_rule(left: str, middle: str, right: str) -> str:
        return left + middle.join(signs[9] * (width + 2) for width in widths) + right

    def make_row() -> str:
        cells = (_make_words(random, 2)[:width].ljust(width) for width in widths)
        return f"{signs[10]} " + f" {signs[10]} ".join(cells) + f" {signs[10]}"

    rows = [make_rule(*signs[:3]), make_row(), make_rule(*signs[3:6])]
    rows += [make_row() for _ in range(random.randint(1, 6))]
    return "\n".join([*rows, make_rule(*signs[6:9])])


def _make_words(random: Random, at_most: int) -> str:
    return " ".join(random.choices(load_library().words, k=random.randint(1, at_most)))
