"""Payment cards and bank accounts, by their checksums. Knows numbers; knows nothing about what stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from glyph_memory.secrets.finding import SecretFinding

_CARD = re.compile(
    r"[2-6]\d{3}(?:\d{10,15}|([ \u00a0\-])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|([ \u00a0\-])\d{6}\2\d{4,5})(?![\w\-]|\.\d)"
)
_BEGINS = re.compile(r"(?<![\w.+\-/])|(?<=\\[nrt])")
"""What is looked at last: a pattern that begins with it is tried at every character."""
_BRANDS = (
    (re.compile("4"), (16, 19)),  # Visa
    (re.compile("5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile("3[47]"), (15,)),  # American Express
    (re.compile("6011|64[4-9]|65"), (16, 19)),  # Discover
    (re.compile("62"), (16, 17, 18, 19)),  # UnionPay
    (re.compile("35(?:2[89]|[3-8])"), (16,)),  # JCB
    (re.compile("3(?:0[0-5]|[68])"), (14,)),  # Diners Club
)
_IBAN = re.compile(r"[A-Z]{2}\d\d ?[A-Z0-9]{4} ?[A-Z0-9]{4}")
_COUNTRIES = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 "
    "FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 "
    "LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 "
    "SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
)
_IBAN_LENGTHS = {pair[:2]: int(pair[2:]) for pair in _COUNTRIES.split()}
"""Characters of an account number by country: the registry of ISO 13616."""


def find_numbers(text: str) -> Iterator[SecretFinding]:
    """Yield the payment cards and bank accounts in a text."""
    for match in _CARD.finditer(text):
        if _BEGINS.match(text, match.start()) and is_card(match[0]):
            yield SecretFinding(start=match.start(), end=match.end(), kind="card")
    for match in _IBAN.finditer(text):
        end = _BEGINS.match(text, match.start()) and _find_iban_end(text, match.start())
        if end:
            yield SecretFinding(start=match.start(), end=end, kind="iban")


def is_card(number: str) -> bool:
    """Return whether digits are a card's: a known beginning, its length, and the checksum of Luhn.

    Example:
        >>> is_card("4111 1111 1111 1111"), is_card("4111 1111 1111 1112")
        (True, False)
    """
    digits = [int(character) for character in number if character.isdigit()]
    spelled = "".join(map(str, digits))
    if len(set(digits)) < 2 or not any(
        brand.match(spelled) and len(digits) in lengths for brand, lengths in _BRANDS
    ):
        return False
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _find_iban_end(text: str, start: int) -> int:
    """Return where an account number ends; 0 where there is none."""
    length, end, spelled = _IBAN_LENGTHS.get(text[start : start + 2], 0), start, ""
    while len(spelled) < length and end < len(text):
        spelled += "" if text[end] == " " else text[end]
        end += 1
    if (
        len(spelled) < max(length, 1)
        or not spelled.isascii()
        or not spelled.isalnum()
        or not spelled.isupper()
    ):
        return 0
    if end < len(text) and text[end].isalnum():
        return 0
    number = int("".join(str(int(character, 36)) for character in spelled[4:] + spelled[:4]))
    return end if number % 97 == 1 else 0
