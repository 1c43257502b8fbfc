r"""Secrets by the name before them: `password=…`, `"api_key": "…"`, `--token …`, `the password is …`.

Knows names and how values are written in code, JSON, YAML, shells, URLs and sentences. What looks like a variable, a
call, a path, a placeholder or a plain word is left alone: the whole rule is a balance of what is missed and what is
found wrongly, measured by `benchmarks/secret_guard.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from glyph_memory.secrets.finding import SecretFinding
from glyph_memory.secrets.looks import is_mixed, is_placeholder, lower_ascii

_Kind = Literal["password", "credential"]


class _Name(NamedTuple):
    stem: bytes  # in lower case
    kind: _Kind
    pattern: re.Pattern[str]
    harmless: re.Pattern[str]  # what stands before names of other things


_SEPARATOR = (
    r"(?:(?:\s(?:for|to|of|on|at|in)(?:\s[\w.\-]{1,24}){1,4}?)?\s{1,2}(?:is|was)\b:?"  # the password for ci is …
    r"|(?:\\{0,3}+[\"'`])?\]?\s{0,3}+"
    r"(?::\s{0,2}(?:str|string|SecretStr|String)(?:\s?\|\s?None)?\s{0,2}=|=>|:=|={1,3}|:|>)"
    r"|(?P<flag>(?=[ =])))\s{0,3}+"
)
_VALUE = (
    r"(?:(?P<quote>\\{0,3}+[\"'`])(?P<quoted>(?:(?!(?P=quote))(?:\\.|[^\n\\]))*+)(?P=quote)"
    r"|(?:\\{0,3}+[\"'`])?(?P<bare>[^\s\"'`<>\\,;&|(){}\[\]:][^\s\"'`<>\\,;&|(){}\[\]]{3,}+)(?P<code>[(\[{])?)"
)


def _make_name(stem: str, kind: _Kind, rest: str, *, after: str = "", harmless: str = r":\s?") -> _Name:
    more = r"(?:[_\-]?(?:value|string|plain|confirm|confirmation|\d))?"
    pattern = re.compile(f"(?i){after}{stem}{rest}{more}{_SEPARATOR}{_VALUE}")
    return _Name(stem.encode(), kind, pattern, re.compile(f"(?i)(?:{harmless})$"))


_KEYS = (
    "api",
    "access",
    "auth",
    "private",
    "signing",
    "encryption",
    "master",
    "account",
    "webhook",
    "service",
)
_AFTER = "(?:" + "|".join(rf"(?<={word})|(?<={word}[_\- ])" for word in _KEYS) + ")"
_CURSORS = (
    "page|next|prev|previous|continuation|sync|cursor|pagination|forward|backward|lock|client|action|request|"
    "idempotency|csrf|eos|bos|pad|unk"
)
_NAMES = (
    _make_name("pass", "password", "(?:w(?:ord|d|ort)|phrase|code)"),
    _make_name("pwd", "password", ""),
    _make_name("secret", "credential", r"(?:[_\- ]?(?:access[_\- ]?)?key|[_\- ]?token)?"),
    _make_name("token", "credential", "", harmless=rf":\s?|(?:{_CURSORS})[_\- ]?"),
    _make_name("credential", "credential", "s?"),
    _make_name("key", "credential", "", after=_AFTER),
)
_FLAG = re.compile(r"(?<![\w\-])--?[A-Za-z\-]{0,24}$")
_NAME = re.compile(r"[A-Za-z_$@]\w*(?:(?:\.|->|::)[A-Za-z_]\w*)+")
_PATH = re.compile(r"(?:[./~]|[A-Za-z]:[\\/]|\w+://|\\\\|arn:)")
_KEBAB = re.compile(r"[A-Za-z]+(?:[_\-][A-Za-z]+)*")
_SYMBOLS = re.compile(r"[!@#$%^&*+=?~]")
_TRAILING = ".,:;?"


def find_assignments(text: str) -> Iterator[SecretFinding]:
    """Yield the values that names such as `password` and `api_key` are given."""
    lowered = lower_ascii(text)
    for stem, kind, pattern, harmless in _NAMES:
        place = lowered.find(stem)
        while place >= 0:
            match = pattern.match(text, place)
            if match is None:
                place = lowered.find(stem, place + 1)
                continue
            before = text[max(0, place - 32) : place]
            finding = None if harmless.search(before) else _read_value(match, kind, before)
            if finding is not None:
                yield finding
            place = lowered.find(stem, match.end("bare" if match["quoted"] is None else "quoted"))


def _read_value(match: re.Match[str], kind: _Kind, before: str) -> SecretFinding | None:
    """Return the finding of a name and its value; None where the value is no secret."""
    if match["flag"] is not None and not _FLAG.search(before):
        return None
    quoted = match["quoted"]
    if quoted is not None:
        start, end = match.span("quoted")
        good = _is_secret(quoted, kind, quoted=True)
    else:
        start, end = match.span("bare")
        value = match["bare"]
        kept = value.rstrip(_TRAILING)
        end -= len(value) - len(kept)
        named = (
            match["code"] is not None
            or _NAME.fullmatch(kept)
            or (kind == "credential" and _is_variable(kept))
        )
        good = not named and _is_secret(kept, kind, quoted=False)
    return SecretFinding(start=start, end=end, kind=kind) if good else None


def _is_secret(value: str, kind: _Kind, *, quoted: bool) -> bool:
    if len(value) < 6 or _PATH.match(value) or is_placeholder(value) or value.startswith("$("):
        return False
    if any(character.isspace() for character in value):
        return quoted and kind == "password" and _is_phrase(value)
    if kind == "credential":
        return len(value) >= 10 and is_mixed(value)
    if _KEBAB.fullmatch(value):
        return quoted and value.isalpha() and value.islower() and len(value) < 12
    return any(character.isdigit() for character in value) or bool(_SYMBOLS.search(value))


def _is_variable(value: str) -> bool:
    return value.isidentifier() and sum(map(str.isdigit, value)) < 3


def _is_phrase(value: str) -> bool:
    """Return whether words are a pass phrase and no sentence: a digit or a sign in one of four to eight words."""
    return 4 <= len(value.split()) <= 8 and bool(_SYMBOLS.search(value)) and any(map(str.isdigit, value))
