"""Passwords in sentences of many languages, English apart. Knows their words for it; knows nothing about code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from glyph_memory.secrets.finding import SecretFinding
from glyph_memory.secrets.literals import LiteralRules, find_by_literals
from glyph_memory.secrets.looks import is_scrambled, is_strong

_QUOTES = "\"'`“”„«»‘’「」『』"
_IS = (
    r"(?:\s?[:：=—–]|\s?(?:是|为|為|は)|"
    r"\s(?:is|was|are|ist|lautet|lauten|heißt|est|es|era|è|é|jest|to|as|:)(?=[\s:]))"
)
_ENDS = rf"\s{_QUOTES}<>,;，。；、！？）)"
_SECRET = (
    rf"[\s{_QUOTES}*]{{0,4}}(?P<secret>[A-Za-z0-9!@#$%^&*+=?~_][^{_ENDS}]{{4,127}}?)(?=[.?]?(?:[{_ENDS}]|\Z))"
)
_BETWEEN = r"(?:\s(?!(?:is|ist|est|es)\s)[\w'\-.@]{1,24}){0,4}?"
"""What a password is for: `das Passwort für den Server ist …`"""


def _make_rule(literal: str, name: str) -> tuple[str, re.Pattern[str], Callable[[str], bool]]:
    value = rf"(?:{_IS}|(?=\s?[{_QUOTES}])|\s(?=[\S]{{0,40}}\d)){_SECRET}"
    return literal, re.compile(f"(?i:{name}){_BETWEEN}{value}"), _is_password


def _is_password(value: str) -> bool:
    return is_strong(value) or is_scrambled(value)


_ASCII: LiteralRules = tuple(
    _make_rule(name, name)
    for name in ("passwort", "kennwort", "mot de passe", "mdp", "clave", "senha", "wachtwoord")
)
_OTHER: LiteralRules = (
    _make_rule("ontraseña", "ontraseña"),
    _make_rule("密", "密[码碼钥鑰]"),
    _make_rule("口令", "口令"),
    _make_rule("ароль", "ароль"),
    _make_rule("パスワード", "パスワード"),
    _make_rule("비밀번호", "비밀번호"),
    _make_rule("asło", "asło"),
    _make_rule("كلمة المرور", "كلمة المرور"),
    _make_rule("şifre", "şifre"),
    _make_rule("Şifre", "şifre"),
    _make_rule("clé d", "clé d['’]API"),
    _make_rule("API-Schlüssel", "API-Schlüssel"),
)
"""Some are without their first letter, which may be large or small."""


def find_sentences(text: str) -> Iterator[SecretFinding]:
    """Yield passwords that sentences tell."""
    yield from find_by_literals(text, _ASCII, "password", is_lower=True)
    if not text.isascii():
        yield from find_by_literals(text, _OTHER, "password", is_lower=False)
