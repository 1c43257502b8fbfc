"""Which alphabets the nano reader vouches for, by what was measured; of any other, nothing that it reads is sure.

An alphabet is claimed where at most 0.05 % of the characters of its pages come back wrong with no doubt told:
`python benchmarks/nano.py` measures that, language by language. Knows characters; knows nothing about pictures.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

_LETTERS = r"[^\W\d_]"
_PRESENT = 0.005
"""A text is written in an alphabet where at least such a share of its characters are the alphabet's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alphabet:
    """Characters that stand together on pages, and are learned together."""

    own: str
    """A character class, as in a regular expression: what tells that a text is written in it."""
    beside: str = _LETTERS
    """A regular expression: what on its pages may be one of its characters that was misread."""


ALPHABETS = {
    "Western European": Alphabet(own="ªºß-öø-ÿÀ-ÖØ-ÝŒœŸ"),
    "Central European": Alphabet(own="ĄąĆćČčĎďĐđĘęĚěĹĺĽľŁłŃńŇňŐőŔŕŘřŚśŠšŤťŮůŰűŹźŻżŽž"),
    "Baltic": Alphabet(own="ĀāĒēĖėĢģĪīĮįĶķĻļŅņŌōŪūŲų"),
    "Romanian": Alphabet(own="ĂăŢţȘșȚț"),
    "Turkish": Alphabet(own="ĞğİıŞş"),
    "Vietnamese": Alphabet(own="Ạ-ỹƠơƯư"),
    "Greek": Alphabet(own="ΆΈ-ώ"),
    "Russian": Alphabet(own="ЁА-Яа-яё"),
    "Ukrainian": Alphabet(own="ЄІЇєіїҐґ"),
    "box drawing": Alphabet(own="─-▟", beside=r"[^\w]"),
    "Japanese": Alphabet(own="ぁ-ヿ", beside="."),
    "Chinese": Alphabet(own="㐀-鿿", beside="."),
}
"""By name: all that is measured. English and the signs of programs are always claimed."""

CLAIMED = frozenset({"Western European", "Central European", "Greek", "Russian", "Ukrainian", "Vietnamese"})
"""Those of which at most 0.05 % was read wrong and sure; set anew with new weights."""

_OWN = {name: re.compile(f"[{alphabet.own}]") for name, alphabet in ALPHABETS.items()}


def find_unclaimed(text: str, *, claimed: Collection[str] = CLAIMED) -> tuple[str, ...]:
    """Return the names of the alphabets that a text is written in and the nano reader does not vouch for.

    Args:
        text: Any.
        claimed: What it vouches for.

    Example:
        >>> find_unclaimed("İyi geceler, kadın"), find_unclaimed("Good night")
        (('Turkish',), ())
    """
    least = max(1, _PRESENT * sum(not character.isspace() for character in text))
    return tuple(
        name for name, own in _OWN.items() if name not in claimed and len(own.findall(text)) >= least
    )


def find_doubtful(lines: Sequence[str], *, claimed: Collection[str] = CLAIMED) -> Iterator[tuple[int, range]]:
    """Yield the line and the places of what no one vouches for on a page.

    On a page that is written in an alphabet that is not claimed that is all that may be one of its characters, since
    `ı` comes back as `i` with no trace; on others each word that holds one.

    Args:
        lines: As they were read.
        claimed: What is vouched for.
    """
    written = find_unclaimed("\n".join(lines), claimed=claimed)
    for name, own in _OWN.items():
        if name in claimed:
            continue
        everywhere = re.compile(
            ALPHABETS[name].beside if name in written else rf"\w*[{ALPHABETS[name].own}]\w*"
        )
        for number, line in enumerate(lines):
            if name in written or own.search(line):
                yield from ((number, range(*found.span())) for found in everywhere.finditer(line))
