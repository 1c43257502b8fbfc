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
from glyph_memory.secrets.looks import is_mixed, is_placeholder, is_scrambled, is_strong, lower_ascii

_Kind = Literal["password", "credential"]


class _Name(NamedTuple):
    stem: bytes  # in lower case
    kind: _Kind
    pattern: re.Pattern[str]
    harmless: re.Pattern[str]  # what stands before names of other things


_SEPARATOR = (
    r"(?:(?:\s(?:for|to|of|on|at|in)(?:\s[\w.\-]{1,24}){1,4}?)?\s{1,2}(?:is|was)\b:?"  # the password for ci is …
    r"|(?P<pair>\\{0,3}+[\"'](?:"
    r",?\s{1,16}(?:\\{0,3}[\"'])?value(?:\\{0,3}[\"'])?\s?[:=]"  # "name": "DB_PASSWORD", "value": …
    r"|\s?,\s{0,2}(?=b?\\{0,3}[\"']))"  # ("DB_PASSWORD", "…")
    r"|\s{1,20}value:(?=\s))"  # - name: DB_PASSWORD, and value: … on the next line
    r"|(?:\\{0,3}+[\"'`])?\]?\*{0,2}\s{0,3}+"
    r"(?::\s{0,2}&?(?:'static\s)?(?:str|string|SecretStr|String)(?:\s?\|\s?None)?\s{0,2}=|=>|:=|={1,3}|:(?:\*{1,2}(?=\s))?|>)"
    r"|(?P<weak>\s(?:to|ist|è)(?=\s))"  # changed the password to …
    r"|(?P<flag>(?=[ =\t])))\s{0,3}+"
    r"(?:[|>][+\-]?\n\s{1,16}+|\"{3}\n?|'{3}\n?)?"  # what YAML and TOML write over several lines
)
_BARE = r"(?:[^\s\"'`<>\\,;&|(){}\[\]]|&(?![&\s]|amp;|[\w.\-]{1,32}=))"
_VALUE = (
    r"(?:b?(?P<quote>\\{0,3}+[\"'`])(?P<quoted>(?:(?!(?P=quote))(?:\\.|[^\n\\]))*+)(?P=quote)"
    rf"|(?:\\{{0,3}}+[\"'`])?(?P<bare>(?![:&@]){_BARE}{_BARE}{{3,}}+)(?P<code>[(\[{{])?)"
)


def _make_name(
    stem: str, kind: _Kind, rest: str, *, after: str = "", harmless: str = r":\s?|\[secret "
) -> _Name:
    more = r"(?:[_\-]?(?:value|string|plain|raw|base|confirm|confirmation|\d))?(?:\s\d(?=:))?"
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
    "app",
    "application",
    "client",
    "fernet",
    "unseal",
    "license",
    "licence",
)
_ACCOUNTS = (
    "db",
    "smtp",
    "mail",
    "admin",
    "user",
    "root",
    "redis",
    "mysql",
    "postgres",
    "pg",
    "become",
    "bind",
    "ftp",
    "ssh",
    "sudo",
    "login",
    "wifi",
)
_AFTER = "(?:" + "|".join(rf"(?<={word})|(?<={word}[_\- ])" for word in _KEYS) + ")"
_OWNERS = "(?:" + "|".join(f"(?<={word}[_\\-])" for word in _ACCOUNTS) + "|(?<=[ {,]))"
"""What `pass` alone means a password of; elsewhere tests pass."""
_CURSORS = (
    "page|next|prev|previous|continuation|sync|cursor|pagination|forward|backward|lock|client|action|request|"
    "idempotency|csrf|eos|bos|pad|unk"
)
_NAMES = (
    _make_name("pass", "password", "(?:w(?:ord|d|ort)|phrase|code)"),
    _make_name("pwd", "password", ""),
    _make_name("pass", "password", r"(?![A-Za-z]|\s(?!(?:to|is|was)\s|[=:]))", after=_OWNERS),
    _make_name("pw", "password", "(?![A-Za-z])", after="(?<![A-Za-z])"),
    _make_name("psk", "password", "(?![A-Za-z])", after="(?<![A-Za-z])"),
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
_ENVIRONMENT = re.compile(r"(?<![\w.\-])[A-Z][A-Z0-9_]*=$")
"""`NAME=` as in a shell or a file of an environment: what follows is no variable."""
_DIGEST = re.compile(r"[0-9a-f]{32,128}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_LEET = re.compile(r"[A-Za-z]\d+[A-Za-z]+\d")
"""As passwords have it, and few names of code."""
_NOT_BLANK = re.compile(r"[^\s\"'`]{1,128}")
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
    group = "bare" if match["quoted"] is None else "quoted"
    start, end = match.span(group)
    value = match[group]
    if group == "bare":
        value = value.rstrip(_TRAILING)
        end = start + len(value)
    if match["code"] is not None and not _is_code(match):
        value, end = _extend(match)
    is_loose = match["pair"] or match["weak"] or (match["flag"] is not None and not _FLAG.search(before))
    if is_loose:
        good = _is_secret(value, kind, quoted=False) and _is_certain(value, kind)
    elif group == "quoted":
        good = _is_secret(value, kind, quoted=True)
    else:
        is_literal = _ENVIRONMENT.search(before + match.string[match.start() : start]) is not None
        named = (match["code"] is not None and end == match.end(group)) or (
            not is_literal
            and (
                (_NAME.fullmatch(value) and not _has_random_part(value))
                or (kind == "credential" and _is_variable(value))
            )
        )
        good = not named and _is_secret(value, kind, quoted=False)
    return SecretFinding(start=start, end=end, kind=kind) if good else None


def _is_code(match: re.Match[str]) -> bool:
    """Return whether a value and the bracket behind it are a call or the like: it closes in its line or goes on."""
    text, place = match.string, match.end("code")
    if _NAME.fullmatch(match["bare"]):
        return True
    rest = text[place : place + 400].partition("\n")[0].rstrip()
    is_open = _CLOSING[match["code"]] not in rest and rest[-1:] not in ("", ",", "(", "[", "{")
    return not is_open and _LEET.search(match["bare"]) is None


def _extend(match: re.Match[str]) -> tuple[str, int]:
    """Return a value with the brackets in it, and where it ends."""
    rest = _NOT_BLANK.match(match.string, match.start("bare"))
    value = (rest[0] if rest else match["bare"]).rstrip(_TRAILING)
    return value, match.start("bare") + len(value)


def _is_certain(value: str, kind: _Kind) -> bool:
    """Return whether a value is a secret though its name may mean something else."""
    if kind == "password":
        return is_strong(value)
    return (
        len(value) >= 20 and is_mixed(value) and not _DIGEST.fullmatch(value) and not _NAME.fullmatch(value)
    )


def _has_random_part(value: str) -> bool:
    return any(len(part) >= 20 and is_mixed(part) for part in value.split("."))


def _is_secret(value: str, kind: _Kind, *, quoted: bool) -> bool:
    if len(value) < 6 or _PATH.match(value) or is_placeholder(value) or value.startswith("$("):
        return False
    if any(character.isspace() for character in value):
        return quoted and kind == "password" and _is_phrase(value)
    if kind == "credential":
        return len(value) >= 10 and (is_mixed(value) or is_scrambled(value))
    if _KEBAB.fullmatch(value) and not is_scrambled(value):
        return quoted and value.isalpha() and value.islower() and len(value) < 16
    return (
        any(character.isdigit() for character in value) or bool(_SYMBOLS.search(value)) or is_scrambled(value)
    )


def _is_variable(value: str) -> bool:
    return not is_scrambled(value) and value.isidentifier() and sum(map(str.isdigit, value)) < 3


def _is_phrase(value: str) -> bool:
    """Return whether words are a pass phrase and no sentence: a digit or a sign in one of two to eight words."""
    words, has_digit = len(value.split()), any(map(str.isdigit, value))
    if words < 4:
        return (
            len(value) >= 8
            and has_digit
            and value[-1:] not in ".:"
            and (words == 2 or bool(_SYMBOLS.search(value)))
        )
    return words <= 8 and has_digit and bool(_SYMBOLS.search(value))
