"""Codes of numbers, recovery words and seeds of one-time passwords, by what they are called. Knows nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from glyph_memory.secrets.finding import SecretFinding
from glyph_memory.secrets.literals import LiteralRules, find_by_literals

_OF = r"(?:\s(?:for|of|to)(?:\s\w{1,24}){1,4}?)?"  # the code for the safe is …
_IS = r"\s(?:is|was|ist|lautet)\s"
_NO_MORE = r"(?![\w\-]|\.\d)"
_PART = "[a-z0-9]{4,6}(?:-[a-z0-9]{4,6}){1,4}"
_FUNCTION_TEXT = """
a an and are as at be by can do does enter for from has have he her his if in into is it its keep may must my not of on
or our please she should so than that the their them they this to was we were what when which will with you your
"""
_FUNCTION_WORDS = frozenset(_FUNCTION_TEXT.split())
"""A run of words that holds one of them is a sentence and no secret."""


def _make_rule(literal: str, pattern: str, accepts: Callable[[str], bool]) -> LiteralRules:
    return ((literal, re.compile(f"(?i){pattern}"), accepts),)


def _is_number(value: str) -> bool:
    return len(set(value)) > 1


def _has_digit(value: str) -> bool:
    return any(map(str.isdigit, value))


def _is_mnemonic(value: str) -> bool:
    words = value.lower().split()
    return len(words) in {12, 15, 18, 21, 24} and not _FUNCTION_WORDS.intersection(words)


def _is_phrase(value: str) -> bool:
    return not _FUNCTION_WORDS.intersection(value.lower().split())


_NUMBER = rf"s?{_OF}(?:{_IS}|\s?[:=]\s{{0,2}})(?P<secret>\d{{6,8}}){_NO_MORE}"
_CODES = rf"s?\s?:\s{{0,4}}(?P<secret>{_PART}(?:\s{{1,4}}{_PART}){{0,20}})"
_WORDS = r"\\?[\"']?(?: is|\s?[:=])\s{0,3}\\?[\"'`]?(?P<secret>[a-z]{3,8}(?: [a-z]{3,8}){11,23}+)(?! ?[a-z])"
_PHRASE = (
    rf"{_OF}\\?[\"']?(?: is|\s?[:=])\s{{0,3}}(?P<quote>\\?[\"'`])(?P<secret>[a-z]{{2,16}}(?: [a-z]{{2,16}}){{3,9}})"
    "(?P=quote)"
)
_RULES: LiteralRules = (
    *_make_rule("verification code", f"verification code{_NUMBER}", _is_number),
    *_make_rule("one-time code", f"one-time code{_NUMBER}", _is_number),
    *_make_rule(" pin ", rf" pin(?={_OF}{_IS}\d){_OF}{_IS}(?P<secret>\d{{4,8}}){_NO_MORE}", _is_number),
    *_make_rule("backup code", f"backup code{_CODES}", _has_digit),
    *_make_rule("recovery code", f"recovery code{_CODES}", _has_digit),
    *_make_rule(
        "setup key", r"setup key(?: is|:)\s{1,2}(?P<secret>[a-z2-7]{4}(?: [a-z2-7]{4}){3,15})", _has_digit
    ),
    *_make_rule("totp(", r"totp\([\"'](?P<secret>[a-z2-7]{16,64})[\"']", _has_digit),
    *_make_rule("mnemonic", f"mnemonic{_WORDS}", _is_mnemonic),
    *_make_rule("seed phrase", f"seed phrase{_WORDS}", _is_mnemonic),
    *_make_rule("recovery phrase", f"recovery phrase{_WORDS}", _is_mnemonic),
    *_make_rule("passphrase", f"passphrase{_PHRASE}", _is_phrase),
)


def find_codes(text: str) -> Iterator[SecretFinding]:
    """Yield codes of numbers, recovery words and seeds."""
    yield from find_by_literals(text, _RULES, "credential", is_lower=True)
