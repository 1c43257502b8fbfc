"""Values that fuzzers draw: texts of any characters, bytes that are nearly right, JSON of any kind.

All is drawn from one `random.Random`, so an input is known by its number alone.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

ODD_CHARACTERS = (
    "\ud800\udfff\uffff\ufffe\U0010ffff\x00\x1b\x7f\x85\r\n\t \u00a0\u00ad\u200b\u200c\u200d\u200e\u202e\u202a\u2066"
    "\u2069\u2028\u2029\u0301\u0323\u20dd\ufe0e\ufe0f\u3000\ufeff\u0600\u06dd⟦⟧§⏎中あ한नสกุ\u0e34\u0e49صنב\U0001f600"
    "\U0001f468\U0001f1e6\U0001f3fd\U000e0061\u1160\u115f\u3164\u034f\u0bcd\u0d4d"
)
_BLOCKS = (
    (0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x4FF), (0x590, 0x6FF), (0x900, 0xDFF), (0xE00, 0xEFF),
    (0x1100, 0x11FF), (0x2000, 0x206F), (0x2190, 0x27BF), (0x3040, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3),
    (0xE000, 0xF8FF), (0xFE00, 0xFEFF), (0x1F000, 0x1FAFF), (0x20000, 0x2A6DF), (0, 0x10FFFF),
)  # fmt: skip
_WORDS = (
    "§1 user", "\\u{200b}", "```python", "| a | b |", "  - item", "https://example.org/a?b=c#d", "0x7f3a9c21",
    "ORD-1234-7F3A", "<|image|>", "<think>", "e\u0301", "\r\n\r\n", "    return x", "C:\\new", "a" * 90, "ﷺ", "ǅ", "ß",
    "\t\t", "中文字体，。", "नमस्ते", "שלום", "مرحبا", "👩‍👩‍👧", "1,234.50 €", "—" * 40,
)  # fmt: skip
_INTERESTING = (
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\x7f\xff\xff\xff",
    b"\x80\0\0\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
)
_NUMBERS = (0, 1, -1, 2, 7, 400, 2**31, 2**53 + 1, 2**63, 10**18, -(10**40), 0.5, -0.0, 1e308, 5e-324)
_ODD_NUMBERS = (float("nan"), float("inf"), float("-inf"), 10**400, 10**4200)


def draw_character(dice: random.Random) -> str:
    """Return a character of any block, odd ones more often than others."""
    if dice.random() < 0.3:
        return dice.choice(ODD_CHARACTERS)
    return chr(dice.randint(*dice.choice(_BLOCKS)))


def draw_text(dice: random.Random, *, longest: int) -> str:
    """Return a text: of characters, of words, of one piece again and again, or all of it."""
    how, size = dice.random(), int(longest ** dice.random())
    if how < 0.35:
        return "".join(draw_character(dice) for _ in range(size))
    if how < 0.7:
        pieces = [
            dice.choice(_WORDS) if dice.random() < 0.6 else draw_character(dice) for _ in range(1 + size // 6)
        ]
        return dice.choice((" ", "", "\n", " \n ")).join(pieces)[:longest]
    piece = "".join(draw_character(dice) for _ in range(dice.randint(1, 4)))
    if how < 0.9:
        return (piece * size)[:longest]
    return "".join(dice.choice("ab \n" + piece) for _ in range(size))


def mutate(dice: random.Random, data: bytes, *, words: Sequence[bytes] = ()) -> bytes:
    """Return bytes of which some are others, gone, doubled, or in the wrong place.

    Args:
        dice: Draws what is changed.
        data: A sound file.
        words: What may be put in, as names of the format's elements.
    """
    changed = bytearray(data)
    for _ in range(int(2 ** (3 * dice.random()))):
        at = dice.randint(0, len(changed))
        length = int(2 ** (8 * dice.random()))
        how = dice.randrange(9 if words else 8)
        if how == 0 and changed:
            changed[at % len(changed)] ^= 1 << dice.randrange(8)
        elif how == 1:
            del changed[at : at + length]
        elif how == 2:
            changed[at:at] = dice.randbytes(min(length, 8))
        elif how == 3:
            changed[at:at] = changed[at : at + length] * dice.choice((1, 2, 40))
        elif how == 4:
            changed[at : at + 4] = dice.choice(_INTERESTING)
        elif how == 5:
            other = dice.randint(0, len(changed))
            changed[at : at + length] = changed[other : other + length]
        elif how == 6 and dice.random() < 0.3:
            del changed[at:]
        elif how == 7:
            changed[at:at] = draw_text(dice, longest=30).encode("utf-8", "surrogatepass")
        elif how == 8:
            changed[at : at + dice.choice((0, 0, length))] = dice.choice(words)
    return bytes(changed)


def draw_json(dice: random.Random, *, names: Sequence[str], words: Sequence[str], depth: int = 4) -> object:
    """Return a value of JSON, right or wrong, of the names and words that a format has, and others."""
    how = dice.random()
    if depth <= 0 or how < 0.45:
        return _draw_leaf(dice, words)
    if how < 0.65:
        return [draw_json(dice, names=names, words=words, depth=depth - 1) for _ in range(dice.randint(0, 3))]
    return {
        dice.choice(names) if dice.random() < 0.9 else draw_text(dice, longest=5): draw_json(
            dice, names=names, words=words, depth=depth - 1
        )
        for _ in range(dice.randint(0, 4))
    }


def _draw_leaf(dice: random.Random, words: Sequence[str]) -> object:
    how = dice.random()
    if how < 0.15:
        return dice.choice((None, True, False, "", [], {}))
    if how < 0.35:
        return dice.choice(_NUMBERS) if dice.random() < 0.9 else dice.choice(_ODD_NUMBERS)
    return dice.choice(words) if how < 0.7 else draw_text(dice, longest=40)


def change_json(dice: random.Random, value: object, *, names: Sequence[str], words: Sequence[str]) -> object:
    """Return sound JSON in which one value or more is another, gone, or there twice; the original stays."""
    changed = json.loads(json.dumps(value))
    for _ in range(dice.randint(1, 3)):
        places = [*_list_places(changed)]
        if not places:
            break
        held, at = dice.choice(places)
        how = dice.random()
        if how < 0.2 and isinstance(held, dict):
            del held[at]
        elif how < 0.3 and isinstance(held, dict):
            held[dice.choice(names)] = held.pop(at)
        elif how < 0.4 and isinstance(held, list):
            held.extend(held[at : at + 1] * dice.choice((1, 50)))
        else:
            held[at] = draw_json(dice, names=names, words=words, depth=2)
    return changed


def _list_places(value: object) -> list[tuple[dict[str, object] | list[object], object]]:
    """Return all places within a value: what holds them, and the name or number there."""
    if isinstance(value, dict):
        return [(value, name) for name in value] + [
            one for inner in value.values() for one in _list_places(inner)
        ]
    if isinstance(value, list):
        return [(value, at) for at in range(len(value))] + [
            one for inner in value for one in _list_places(inner)
        ]
    return []


def spell_json(value: object) -> bytes:
    """Return JSON; what it has no form for is spelled as Python does, and lone surrogates stay."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
