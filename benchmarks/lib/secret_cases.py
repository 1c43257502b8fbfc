"""Texts with made-up secrets in public formats, each labelled: what a finder of secrets is measured by.

Among them are kinds that the package's own finder does not know. Nothing here was ever valid.
"""

from __future__ import annotations

import base64
import json
import string
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from lib.dice import WORDS, Dice

_ALNUM = string.ascii_letters + string.digits
_UPPER = string.ascii_uppercase + "234567"
_HEX = "0123456789abcdef"
_WORD = _ALNUM + "_-"


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretCase:
    """A text, and the secret in it."""

    kind: str
    """What the secret is."""
    text: str
    """The text."""
    secret: str
    """The secret, as it stands in the text."""


def secret_cases(*, each: int = 20, seed: int = 0) -> list[SecretCase]:
    """Return labelled texts, as many of each kind; the same on every Python."""
    dice = Dice(seed)
    return [case for _ in range(each) for case in _make_round(dice)]


def _make_round(dice: Dice) -> Iterator[SecretCase]:
    for kind, prefix, alphabet, length in _TOKENS:
        yield _wrap(dice, kind, prefix + _throw(dice, alphabet, length))
    yield _wrap(dice, "jwt", _jwt(dice))
    workspace, app = _throw(dice, string.digits, 12), _throw(dice, string.digits, 13)
    yield _wrap(dice, "slack token", f"xoxb-{workspace}-{app}-{_throw(dice, _ALNUM, 24)}")
    secret = f"AA{_throw(dice, _WORD, 33)}"
    yield SecretCase(
        kind="telegram token", text=f"bot {_throw(dice, '123456789', 10)}:{secret}", secret=secret
    )
    yield from _keys(dice)
    yield from _passwords(dice)
    yield from _telling_names(dice)
    yield from _headers(dice)
    yield from _numbers(dice)
    yield from _hard(dice)


_TOKENS = (
    ("aws key", "AKIA", _UPPER, 16), ("github token", "ghp_", _ALNUM, 36), ("github token", "github_pat_", _ALNUM, 82),
    ("gitlab token", "glpat-", _WORD, 20), ("google key", "AIza", _WORD, 35),
    ("openai key", "sk-", _ALNUM, 48), ("openai key", "sk-proj-", _WORD, 120),
    ("anthropic key", "sk-ant-api03-", _WORD, 93),
    ("huggingface token", "hf_", string.ascii_letters, 34), ("stripe key", "sk_live_", _ALNUM, 24),
    ("npm token", "npm_", _ALNUM, 36), ("pypi token", "pypi-AgEIcHlwaS5vcmc", _WORD, 120),
    ("groq key", "gsk_", _ALNUM, 52), ("digitalocean token", "dop_v1_", _HEX, 64),
    ("shopify token", "shpat_", _HEX, 32),
)  # fmt: skip
_PLACES = (
    "export TOKEN={}", 'client = Client(key="{}")', "I used {} for it, as you said.", '{{"env": {{"KEY": "{}"}}}}',
    "2025-03-03 09:14:02 INFO started with {} on worker-3", "  key: {}\n  retries: 3", "{}",
    "curl -H 'X-Token: {}' https://api.example.com/v1", '"stdout": "ok\\n{}\\n"', "```\n{}\n```",
)  # fmt: skip


def _throw(dice: Dice, alphabet: str, length: int) -> str:
    return "".join(dice.pick(alphabet) for _ in range(length))


def _wrap(dice: Dice, kind: str, secret: str) -> SecretCase:
    return SecretCase(kind=kind, text=dice.pick(_PLACES).format(secret), secret=secret)


def _base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _jwt(dice: Dice) -> str:
    head, body = (
        '{"alg":"HS256","typ":"JWT"}',
        json.dumps({"sub": _throw(dice, string.digits, 9), "iat": 1516239022}),
    )
    return f"{_base64(head)}.{_base64(body)}.{_throw(dice, _WORD, 43)}"


def _keys(dice: Dice) -> Iterator[SecretCase]:
    for name in ("RSA ", "EC ", "OPENSSH ", ""):
        lines = [_throw(dice, _ALNUM + "+/", 64) for _ in range(dice.number(3, 24))] + [
            _throw(dice, _ALNUM, 28) + "=="
        ]
        key = "\n".join([f"-----BEGIN {name}PRIVATE KEY-----", *lines, f"-----END {name}PRIVATE KEY-----"])
        yield SecretCase(kind="private key", text=f"$ cat id\n{key}\n$", secret=key)
        escaped = json.dumps(key)[1:-1]
        yield SecretCase(kind="private key in JSON", text=f'{{"private_key": "{escaped}"}}', secret=escaped)
        cut = key[: len(key) // 2]
        yield SecretCase(kind="private key, cut off", text=cut, secret=cut)


def _password(dice: Dice) -> str:
    word = dice.pick(WORDS)
    return dice.pick(
        (f"{word}{dice.number(10, 9999)}", f"{word.title()}-{dice.number(10, 99)}!", _throw(dice, _ALNUM, 12),
         _throw(dice, _ALNUM + "!@#%^*", 16), f"{word[:2]}0{word[2:]}_{dice.number(1, 9)}X")
    )  # fmt: skip


def _passwords(dice: Dice) -> Iterator[SecretCase]:
    for place in (
        "DB_PASSWORD={}", 'password = "{}"', '{{"user": "ada", "password": "{}"}}', "  password: {}\n",
        "mysql --password {} shop",
        "postgres://ada:{}@db.internal:5432/shop", "redis://:{}@cache:6379/0", "<password>{}</password>",
        "?user=ada&password={}&next=home", '{{\\"passwd\\": \\"{}\\"}}', "settings['DB_PASSWORD'] = '{}'",
    ):  # fmt: skip
        secret = _password(dice)
        yield SecretCase(kind="password", text=place.format(secret), secret=secret)
    for place in ("My password is {}.", "the password for ci is {}, keep it", "Password: {}"):
        secret = _password(dice)
        yield SecretCase(kind="password in a sentence", text=place.format(secret), secret=secret)


def _telling_names(dice: Dice) -> Iterator[SecretCase]:
    values = (
        _throw(dice, _HEX, 32),
        _throw(dice, _ALNUM + "+/", 40),
        str(uuid.UUID(hex=_throw(dice, _HEX, 32))),
    )
    for place in (
        "API_KEY={}", '"api_key": "{}"', "client_secret: {}", "aws_secret_access_key = {}", "--token {}",
        "auth_token='{}'",
        "x-api-key: {}", "https://api.example.com/v1?access_token={}",
    ):  # fmt: skip
        secret = dice.pick(values)
        yield SecretCase(kind="named credential", text=place.format(secret), secret=secret)


def _headers(dice: Dice) -> Iterator[SecretCase]:
    bearer, basic = _throw(dice, _WORD, 40), base64.b64encode(f"ada:{_password(dice)}".encode()).decode()
    yield SecretCase(kind="header", text=f"Authorization: Bearer {bearer}", secret=bearer)
    yield SecretCase(kind="header", text=f'{{"Authorization": "Basic {basic}"}}', secret=basic)
    secret = _password(dice)
    yield SecretCase(kind="header", text=f"curl -s -u ada:{secret} https://ci.example.com", secret=secret)


def _luhn(digits: str) -> str:
    total = sum(
        sum(divmod(2 * int(one), 10)) if place % 2 == 0 else int(one)
        for place, one in enumerate(digits[::-1])
    )
    return digits + str(-total % 10)


def _numbers(dice: Dice) -> Iterator[SecretCase]:
    for begin, length in (("4", 16), ("52", 16), ("37", 15), ("6011", 16)):
        card = _luhn(begin + _throw(dice, string.digits, length - len(begin) - 1))
        if dice.chance(0.5) and length == 16:
            card = dice.pick(" -").join(card[place : place + 4] for place in range(0, 16, 4))
        yield SecretCase(kind="card", text=f"Charge {card}, please.", secret=card)
    body = _throw(dice, string.digits, 18)
    check = 98 - int(body + "131400") % 97
    yield SecretCase(kind="iban", text=f"Pay to DE{check:02d}{body} today.", secret=f"DE{check:02d}{body}")


def _hard(dice: Dice) -> Iterator[SecretCase]:
    """What has no format of its own and no telling name, or a plain word for a value."""
    word = dice.pick(WORDS)
    yield SecretCase(kind="hard: a plain word", text=f"password={word}", secret=word)
    pin = _throw(dice, string.digits, 4)
    yield SecretCase(kind="hard: a PIN", text=f"The pin is {pin}.", secret=pin)
    bare = _throw(dice, _HEX, 32)
    yield SecretCase(kind="hard: no name", text=f"Use {bare} for it.", secret=bare)
    twilio = "SK" + _throw(dice, _HEX, 32)
    yield SecretCase(kind="hard: no rule", text=f"sid {twilio}", secret=twilio)
