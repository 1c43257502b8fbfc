"""Tell keys, tokens, tickets and code-like names from words.

Knows letters, digits and what joins them; knows nothing about paths, dates or addresses.
"""

from __future__ import annotations

import re

from glyph_memory.ledger.risk import is_word

_SECRET = re.compile(
    r"(?:(?:sk|pk|rk|whsec|xox[a-z]|gh[a-z]|github_pat|glpat|hf|npm|pypi|dop_v1|shpat|SG)[\-_.]|AKIA|ASIA|AIza|ya29\.|eyJ)"
    r"[A-Za-z0-9_\-.]{8,}+={0,2}"
)
_TICKET = re.compile(r"[A-Z][A-Z0-9]++-\d{2,}+(?:-[A-Z0-9]++)*+")
_GROUPS = re.compile(r"[A-Z0-9]{2,}+(?:-[A-Z0-9]++)++")
_STANDARDS = re.compile(r"UTF-\d+|SHA-\d+|AES-\d+|ISO-\d+|COVID-\d+")
_SOLID = re.compile(r"[A-Za-z0-9+/_\-]{16,}={0,2}")
_LETTERS = re.compile(r"(?=[A-Z+/]*[a-z])[A-Za-z+/]{20,}={0,2}")
_MIXED = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{5,}")
_FIGURE = re.compile(r"\d+(?:[A-Za-zµ]{1,4}|(?:x|X|on|of|e)\d+[a-z]{0,2})")
_CHANGES = re.compile(r"[A-Z]?[a-z]++|[A-Z]++|\d++|[+/_\-]++")
_SYLLABLES = re.compile(r"[A-Za-z][a-z]{3,}+")

_SNAKE = re.compile(r"_*+[^\W_]++(?:_++[^\W_]++)++_*+|__[^\W_]++__|--[A-Za-z][\w\-]++")
_CAMEL = re.compile(
    r"[a-z]{2,}+\d*+[A-Z][A-Za-z0-9]*+|(?:[A-Z][a-z]{2,}+\d*+){2,}+[A-Z]*+|[A-Z]{2,}[a-z]{3,}+(?:[A-Z][a-z]++)++"
)
_DOTTED = re.compile(r"[^\W\d]\w*+(?:\.[^\W\d]\w*+)++")
_KEBAB = re.compile(r"\w++(?:[\-.]\w++)++")
_LEADS = re.compile(
    r"top|mid|pre|post|under|over|age[sd]?|late|early|non|sub|circa|pp|vol|no|nr", re.IGNORECASE
)


def is_key(atom: str) -> bool:
    """Return whether an atom looks random: a token, a ticket, a licence key, a run of base64."""
    digits = sum(character.isdigit() for character in atom)
    if not digits:
        return bool(_LETTERS.fullmatch(atom)) and _is_random(atom)
    if _SECRET.fullmatch(atom):
        return True
    if _GROUPS.fullmatch(atom):
        long = any(len(group) > 2 for group in atom.split("-")[1:]) and digits > 1
        return bool(_TICKET.fullmatch(atom) or long) and not _STANDARDS.fullmatch(atom)
    if _MIXED.fullmatch(atom) and not _FIGURE.fullmatch(atom):
        runs = _CHANGES.findall(atom)
        words = digits < 3 and all(run.isdigit() or is_word(run) for run in runs)
        return len(runs) > 2 and not words and (digits > 3 or not _CAMEL.fullmatch(atom))
    return bool(_SOLID.fullmatch(atom)) and (digits > 3 or not _SNAKE.fullmatch(atom)) and _is_random(atom)


def _is_random(atom: str) -> bool:
    """Return whether letters, cases and digits change too often for words or parts of words."""
    runs = _CHANGES.findall(atom)
    spoken = sum(len(part) for part in _SYLLABLES.findall(atom) if is_word(part))
    return len(runs) > 3 and 2 * spoken < len(atom) and 5 * len(runs) >= len(atom)


def is_name(atom: str) -> bool:
    """Return whether an atom looks like a name in code or of a machine: snake_case, camelCase, worker-3, --flag."""
    if _SNAKE.fullmatch(atom):
        return any(character.isalpha() for character in atom)
    if _CAMEL.fullmatch(atom):
        return True
    if _MIXED.fullmatch(atom):
        return not _FIGURE.fullmatch(atom)
    if _DOTTED.fullmatch(atom):
        return _is_dotted(atom.split("."))
    return bool(_KEBAB.fullmatch(atom)) and _is_numbered(atom)


def _is_dotted(parts: list[str]) -> bool:
    """Return whether full stops join names, and do not end sentences or abbreviate words."""
    if any(_SNAKE.fullmatch(part) or _CAMEL.fullmatch(part) for part in parts):
        return True
    return all(len(part) > 1 for part in parts) and all(part[0].islower() for part in parts[1:])


def _is_numbered(atom: str) -> bool:
    """Return whether a number is part of a name, as in `payments-3`, and not of a phrase, as in `24-hour`."""
    parts = re.split(r"[\-.]", atom)
    if not any(character.isdigit() for character in atom):
        return any(_SNAKE.fullmatch(part) for part in parts)
    if _STANDARDS.fullmatch(atom) or not ("-" in atom or (atom[0].isalpha() and len(atom) > 5)):
        return False
    if parts[0][0].isdigit() and all(part.isalpha() or part.isdigit() for part in parts[1:]):
        return False
    if len(parts) == 2 and _LEADS.fullmatch(parts[0]):
        return False
    return any(not part.isdigit() and not _FIGURE.fullmatch(part) for part in parts)
