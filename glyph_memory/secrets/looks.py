"""How random a string looks, and what is a placeholder. Knows strings; knows nothing about where they stand."""

from __future__ import annotations

import re

_LETTERS, _DIGITS = re.compile("[A-Za-z]"), re.compile(r"\d")
_RUNS = re.compile(r"[A-Z]++|[a-z]++|\d++")
_PLACEHOLDER = re.compile(
    r"(?i)(?:[x*.•_\-#?0]+|(?:x|\*|•){3,}.*|<.*>|\{.*\}|\$\{?\w*\}?|%\w*%|%[sdv]|%\(\w*\)s|@\w*@|"
    r"(?:your|enter|insert|replace)[\w\- ]*(?:pass|secret|token|key)[\w\- ]*|"
    r"(?:sha\d+|md5|base64|bcrypt|argon2\w*|aes\d*|utf\-?8)(?:[_\-]\w+)*|"
    r"(?:example|dummy|fake|sample|test|placeholder|redacted|hidden|masked|removed|omitted)[_\-]?"
    r"(?:password|passwd|pass|pwd|secret|token|key|value)?\d{0,3}|"
    r"(?:user)?pass(?:word|wd|phrase|code)?\d?|pwd|secrets?|tokens?|(?:api[_\-]?)?keys?|null|none|nil|true|false|undefined)"
)
_SIGNS = re.compile(r"[!@#$%^&*+=?~_\-]")
_UNLIKELY = re.compile(
    r"[/\\(){}<>\[\]|\s]|^\d+[\-.:]|^(?i:rfc|iso|sha|md|utf|python|http|tls|ssl|v)[\-_]?\d"
)
_PLAIN = (
    "string required optional hidden unknown invalid missing incorrect confirm enter current default plaintext "
    "bcrypt argon2 scrypt pbkdf2 base64 sha256 sha512 sha1 utf-8 utf8 manual prompt static random number integer "
    "boolean object correct change changed expired wrong stored shared reset empty encrypted hashed strong "
    "generated protected needed mandatory always simple common username account manager policy"
)
_WORDS = frozenset(_PLAIN.split())


def lower_ascii(text: str) -> bytes:
    """Return a text in lower case as bytes, one for each character: what is not ASCII is a question mark."""
    return text.encode("ascii", "replace").lower()


def is_placeholder(value: str) -> bool:
    """Return whether a value stands for a secret and is none: `***`, `<password>`, `${TOKEN}`, `your-api-key`.

    Example:
        >>> is_placeholder("${DB_PASSWORD}"), is_placeholder("hunter2")
        (True, False)
    """
    if len(value) > 200:
        return False
    return value.lower() in _WORDS or _PLACEHOLDER.fullmatch(value) is not None


def is_mixed(value: str) -> bool:
    """Return whether a value has digits among its letters, as random strings have and names in code have not.

    Example:
        >>> is_mixed("9f8e7d6c5b4a"), is_mixed("sk-folding-cube-animation")
        (True, False)
    """
    value = value[:256]
    digits = len(_DIGITS.findall(value))
    if digits == 0 or _LETTERS.search(value) is None:
        return False
    changes = len(_RUNS.findall(value)) - 1
    return (digits >= 3 and changes >= 3) or (len(value) >= 20 and changes * 4 >= len(value))


def is_no_slug(value: str) -> bool:
    """Return whether a value is no run of plain words in lower case: it has capitals, or some digits.

    Example:
        >>> is_no_slug("glpat-someFewDigits-x"), is_no_slug("glpat-is-how-they-begin")
        (True, False)
    """
    return not value.islower() or is_mixed(value)


def is_strong(value: str) -> bool:
    """Return whether a value looks like a password where nothing but a name stands before it.

    Example:
        >>> is_strong("harbor42"), is_strong("required"), is_strong("12345678")
        (True, False, False)
    """
    if not 8 <= len(value) <= 128 or is_placeholder(value) or _UNLIKELY.search(value):
        return False
    has_sign = _SIGNS.search(value[:-1]) is not None
    return _LETTERS.search(value) is not None and len(_DIGITS.findall(value)) >= (1 if has_sign else 2)


def is_scrambled(value: str) -> bool:
    """Return whether letters change their case as at random, as in no word and in few names of code.

    Example:
        >>> is_scrambled("aPXaT5PO1rX"), is_scrambled("getUserName"), is_scrambled("README")
        (True, False, False)
    """
    value = value[:256]
    return (
        len(value) >= 10
        and value.isalnum()
        and value.isascii()
        and len(_RUNS.findall(value)) * 2 > len(value)
    )
