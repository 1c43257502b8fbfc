"""Raised and lowered text in signs of its own: `10⁶`, `H₂O`. Knows Unicode; knows nothing about formats."""

from __future__ import annotations

_SIGNS: dict[str, dict[int, int]] = {
    "superscript": str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ"),
    "subscript": str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎"),
}


def can_move(text: str, place: str) -> bool:
    """Return whether Unicode has all of a text's signs above or below the line.

    Args:
        text: What is raised or lowered.
        place: `superscript` or `subscript`; there are none for anything else.
    """
    signs = _SIGNS.get(place)
    return signs is not None and text != "" and all(ord(sign) in signs for sign in text)


def move_script(text: str, place: str) -> str:
    """Return text that stands above or below the line in signs that stand there, as far as Unicode has all of them.

    A plain `10` and a raised `6` would read as 106.

    Args:
        text: What is raised or lowered.
        place: `superscript` or `subscript`; anything else leaves it as it is.

    Example:
        >>> move_script("-6", "superscript"), move_script("th", "superscript"), move_script("2", "subscript")
        ('⁻⁶', 'th', '₂')
    """
    return text.translate(_SIGNS[place]) if can_move(text, place) else text
