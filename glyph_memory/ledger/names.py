"""Tell keys, tokens, tickets and code-like names from words.

Knows letters, digits and what joins them; knows nothing about paths, dates or addresses.
"""

from __future__ import annotations

import re

from glyph_memory.ledger.risk import is_word

_PREFIXED = re.compile(
    r"(?:sk|pk|rk|whsec|xox[a-z]|gh[a-z]|github_pat|glpat|hf|npm|pypi|dop_v1|shpat|SG|AKIA|ASIA|AIza|ya29|eyJ)"
    r"[\-_.]?[A-Za-z0-9_\-.]{8,}={0,2}"
)
_GROUPS = re.compile(r"[A-Z0-9]{2,}(?:-[A-Z0-9]+)+")
_TICKET = re.compile(r"[A-Z][A-Z0-9]{1,}-\d+(?:-[A-Z0-9]+)*")
_STANDARDS = frozenset(
    "UTF-8 UTF-16 UTF-32 SHA-1 SHA-2 SHA-3 SHA-256 SHA-512 COVID-19 AES-128 AES-256 ISO-8601".split()
)
_SOLID = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_CHANGES = re.compile(r"[a-z]++|[A-Z]++|\d++|[+/_\-]++")
_MEASURE = re.compile(r"\d+(?:st|nd|rd|th|s|[A-Za-zµ]{1,4})")
_MIXED = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{5,}")
_SNAKE = re.compile(r"_*[^\W_]+(?:_+[^\W_]+)+_*|__[^\W_]+__|--[A-Za-z][\w\-]+")
_CAMEL = re.compile(
    r"[a-z]{2,}[0-9]*(?:[A-Z][A-Za-z0-9]*)+|(?:[A-Z][a-z]{2,}[0-9]*){2,}[A-Z]*|[A-Z]{2,}[a-z]{3,}(?:[A-Z][a-z]+)+"
)
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")
_KEBAB = re.compile(r"\w+(?:[\-.]\w+)+")
_LEADS = frozenset("top mid pre post under over age ages late early under non sub circa pp vol no nr".split())


def is_key(atom: str) -> bool:
    """Whether it looks drawn by lot: a token, a ticket, a licence key, a run of base64."""
    if _PREFIXED.fullmatch(atom) and any(character.isdigit() for character in atom):
        return True
    if _TICKET.fullmatch(atom) and atom not in _STANDARDS:
        return True
    if _GROUPS.fullmatch(atom) and any(character.isdigit() for character in atom):
        return atom not in _STANDARDS and any(len(group) > 2 for group in atom.split("-"))
    if _SOLID.fullmatch(atom):
        return _is_random(atom)
    if _MIXED.fullmatch(atom) and not _MEASURE.fullmatch(atom):
        return len(_CHANGES.findall(atom)) > 2 and not _CAMEL.fullmatch(atom)
    return False


def _is_random(atom: str) -> bool:
    """Whether cases and digits change too often, or too wildly, to be language."""
    runs = _CHANGES.findall(atom)
    if len(runs) < 4:
        return False
    words = sum(len(run) for run in re.findall(r"[A-Za-z][a-z]++", atom) if len(run) > 3 and is_word(run))
    return 2 * words < len(atom) and 5 * len(runs) >= len(atom)


def is_name(atom: str) -> bool:
    """Whether code or a machine is called so: snake_case, camelCase, dotted.name, worker-3, --flag."""
    if _SNAKE.fullmatch(atom):
        return any(character.isalpha() for character in atom)
    if _CAMEL.fullmatch(atom):
        return True
    if _MIXED.fullmatch(atom):
        return not _MEASURE.fullmatch(atom)
    if _DOTTED.fullmatch(atom):
        return _is_dotted(atom.split("."))
    return bool(_KEBAB.fullmatch(atom)) and _is_numbered(re.split(r"[\-.]", atom))


def _is_dotted(parts: list[str]) -> bool:
    """Whether full stops join names, and don't end sentences or shorten words."""
    if any(_SNAKE.fullmatch(part) or _CAMEL.fullmatch(part) for part in parts):
        return True
    return all(len(part) > 1 for part in parts) and all(part[0].islower() for part in parts[1:])


def _is_numbered(parts: list[str]) -> bool:
    """Whether a number is part of a name, as in `payments-3`, and not of a phrase, as in `24-hour`."""
    if not any(character.isdigit() for part in parts for character in part):
        return any(_SNAKE.fullmatch(part) for part in parts)
    if parts[0][0].isdigit() and all(part.isalpha() for part in parts[1:]):
        return False
    if len(parts) == 2 and parts[0].lower() in _LEADS:
        return False
    return any(part.isalpha() or not part.isdigit() for part in parts) and not _MEASURE.fullmatch(parts[-1])
