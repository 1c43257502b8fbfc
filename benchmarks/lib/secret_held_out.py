"""Return labelled secrets and near misses that were held out: written without a look at the finder's rules.

The rules have since been mended by what they missed here, so today's figure is as tuned as any;
`BEFORE_THE_RULES_SAW_IT` is the honest one.

Public formats of providers, and the ways in which people and agents show a secret or something that looks like one.
The texts stand in `held_out_secrets.txt` and `held_out_near_misses.txt`: `=== kind`, then texts parted by `---`. In
them `~w36~` is a random value (see `_DRAW`), and `⟦…⟧` holds the secret. All values are made up from a seed. Knows
nothing about finders.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lib.dice import WORDS, Dice
from lib.secret_cases import SecretCase

_HERE = Path(__file__).parent
_LOWER = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_ALNUM = _LOWER + _LOWER.upper() + _DIGITS
_ALPHABETS = {
    "a": _LOWER, "b": _ALNUM + "+/", "d": _DIGITS, "l": _LOWER + _DIGITS, "s": _ALNUM + "-_",
    "t": _LOWER.upper() + "234567", "u": _LOWER.upper() + _DIGITS, "w": _ALNUM, "x": "0123456789abcdef",
    "X": "0123456789ABCDEF", "S": _ALNUM + "!@#$%^&*()-_[]{}<>~+=,.;:/?|",
}  # fmt: skip
"""The letters of random values: `~d4~` is four digits."""
_VALUE = re.compile(r"~([A-Za-z])(\d*)([ \-nei]?)~")

BEFORE_THE_RULES_SAW_IT: dict[str, Any] = {
    "date": "2026-11-28",
    "found": 0.631635,
    "whole": 0.619958,
    "near": 7,
}
"""What the package's own finder found of this set when it was new: shares of the secrets, and near misses hit.

Four texts of 471 were labelled amiss (an end of line behind a key, a name for a password), which were mended later.
They count as they were: at most 0.9 points of `whole`.
"""


def held_out_secrets(*, each: int) -> list[SecretCase]:
    """Return the labelled secrets, every text thrown `each` times."""
    return [
        _label(kind, text, Dice(1_000 * number + throw))
        for number, (kind, text) in enumerate(_read("held_out_secrets.txt"))
        for throw in range(each)
    ]


def held_out_near_misses() -> list[tuple[str, str]]:
    """Return texts without a secret that look like one, each with its kind."""
    return [
        (kind, _fill(text, Dice(500_000 + number)))
        for number, (kind, text) in enumerate(_read("held_out_near_misses.txt"))
    ]


def _read(name: str) -> Iterator[tuple[str, str]]:
    for section in (_HERE / name).read_text("utf-8").split("=== ")[1:]:
        kind, _, texts = section.partition("\n")
        for text in re.split(r"^---\n", texts, flags=re.MULTILINE):
            yield kind, text.rstrip("\n")


def _label(kind: str, text: str, dice: Dice) -> SecretCase:
    before, secret, after = re.split("[⟦⟧]", _fill(text, dice))
    return SecretCase(kind=kind, text=before + secret + after, secret=secret)


def _fill(text: str, dice: Dice) -> str:
    return _VALUE.sub(lambda value: _make(value[1], value[2], value[3], dice), text)


def _make(letter: str, length: str, way: str, dice: Dice) -> str:
    if letter in _ALPHABETS:
        return _draw(dice, _ALPHABETS[letter], int(length))
    return _DRAW[letter](dice, int(length or 0), way)


def _draw(dice: Dice, alphabet: str, length: int) -> str:
    return "".join(dice.pick(alphabet) for _ in range(length))


def _simple_password(dice: Dice, _length: int, _way: str) -> str:
    word, other, number = dice.pick(WORDS), dice.pick(WORDS), dice.number(1, 2030)
    ways = [
        f"{word.capitalize()}{number}!", f"{word}-{other}-{number}", f"{word}{number}",
        f"{word.capitalize()}_{other}{number}",
        _draw(dice, _ALNUM, 12), _draw(dice, _ALNUM, 1) + _draw(dice, _ALNUM + "-_.!", 14) + "x",
        word.replace("a", "4").replace("e", "3").replace("o", "0") + str(number),
    ]  # fmt: skip
    return dice.pick(ways)


def _hard_password(dice: Dice, _length: int, _way: str) -> str:
    word, other, number = dice.pick(WORDS).capitalize(), dice.pick(WORDS).capitalize(), dice.number(1, 2030)
    mixed = _draw(dice, _ALNUM, 1) + _draw(dice, _ALNUM + "!#$&*+-=?@^_.", dice.number(10, 20)) + "7"
    return dice.pick([mixed, mixed, f"{word}@{number}", f"{word}#{other}{number}", f"{word}{number}$"])


def _phrase(dice: Dice, _length: int, way: str) -> str:
    return dice.words(5).replace(" ", way or " ")


def _card(dice: Dice, group: int, way: str) -> str:
    if group == 5:  # 15 digits in groups of 4, 6 and 5
        digits = _complete_luhn(dice.pick(["34", "37"]) + _draw(dice, _DIGITS, 12))
        return way.join([digits[:4], digits[4:10], digits[10:]])
    digits = (dice.pick(["4", "51", "53", "55", "6011"]) + _draw(dice, _DIGITS, 14))[:15]
    return _group(_complete_luhn(digits), group, way)


def _order(dice: Dice, group: int, way: str) -> str:
    digits = _draw(dice, "45", 1) + _draw(dice, _DIGITS, 14)
    wrong = (int(_check_digit(digits)) + dice.number(1, 9)) % 10
    return _group(f"{digits}{wrong}", group, way)


def _complete_luhn(digits: str) -> str:
    return digits + _check_digit(digits)


def _check_digit(digits: str) -> str:
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits))]
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def _group(text: str, size: int, between: str) -> str:
    return between.join(text[at : at + size] for at in range(0, len(text), size)) if size else text


def _iban(dice: Dice, _length: int, way: str) -> str:
    country, length = dice.pick([("DE", 18), ("AT", 16), ("ES", 20), ("PL", 24), ("CH", 17)])
    digits = _draw(dice, _DIGITS, length)
    letters = "".join(str(ord(letter) - 55) for letter in country)
    return _group(f"{country}{98 - int(digits + letters + '00') % 97:02}{digits}", 4 if way else 0, way)


def _json_web_token(dice: Dice, _length: int, _way: str) -> str:
    claims = {"sub": _draw(dice, _DIGITS, 10), "name": dice.words(2), "iat": 1_772_000_000}
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    coded = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts]
    return ".".join([*coded, _draw(dice, _ALPHABETS["s"], 43)])


def _key_lines(dice: Dice, lines: int, way: str) -> str:
    between = {"": "\n", "n": "\\n", "e": "\\\\n", "i": "\n    "}[way]
    return between.join(_draw(dice, _ALPHABETS["b"], 64) for _ in range(lines))


def _basic(dice: Dice, _length: int, _way: str) -> str:
    pair = f"{dice.pick(WORDS)}:{_simple_password(dice, 0, '')}"
    return base64.b64encode(pair.encode()).decode()


_DRAW: dict[str, Callable[[Dice, int, str], str]] = {
    "q": _simple_password,  # stands in an address or a shell as it is
    "P": _hard_password,  # with signs
    "m": _phrase,
    "M": lambda dice, _length, _way: dice.words(12),
    "v": _card,
    "o": _order,
    "i": _iban,
    "J": _json_web_token,
    "K": _key_lines,
    "B": _basic,
    "e": lambda dice, length, _way: dice.pick("123456789") + _draw(dice, _DIGITS, length - 1),
    "f": lambda dice, _length, _way: _group(_draw(dice, _ALPHABETS["X"], 40), 2, ":"),
    "r": lambda dice, _length, _way: "-".join(
        _draw(dice, _ALPHABETS["x"], size) for size in (8, 4, 4, 4, 12)
    ),
}
"""What is drawn for the letters that no alphabet has."""
