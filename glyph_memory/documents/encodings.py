"""Find out how bytes spell text: by the mark at their beginning, else by what they look like. Knows bytes alone."""

from __future__ import annotations

import codecs
import re
import unicodedata
from importlib import import_module
from types import ModuleType

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: it begins with UTF-16's mark
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_SAMPLE = 4096
_FEWEST = 16
"""Bytes below which zeros are no pattern."""
_MOST = 0.8
_ZEROS = (
    ("utf-16-le", (False, True, False, True)),
    ("utf-16-be", (True, False, True, False)),
    ("utf-32-le", (False, True, True, True)),
    ("utf-32-be", (True, True, True, False)),
)
"""Which of four bytes are zero in Western text."""
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
UTF8_RUN = re.compile(
    rb"((?:[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
    rb"|\xf4[\x80-\x8f][\x80-\xbf]{2})+)"
)
"""Characters beyond ASCII in valid UTF-8."""
_HIGH = bytes(range(0x80, 0x100))
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
"""Control characters that texts do not have; those of a terminal's colours are not among them."""
_PRINTABLE = re.compile(rb"[\t\n\r -~]")
_ENOUGH = 32
"""Bytes beyond ASCII that are enough for statistics, whatever their share."""
_ACCENTS = 0.4
"""Share of bytes beyond ASCII above which a few are enough: it is no Western text with accents."""
_DECLARED = re.compile(rb"""(?:coding|charset)(?:[:=]|[ \t])[ \t]*["']?([A-Za-z0-9][A-Za-z0-9._-]*)""")
_SHIFT_JAPANESE = re.compile(rb"\x1b\$[@B]")
"""How Japanese begins in ISO-2022-JP, whose bytes are all valid UTF-8."""
_KNOWN = (
    "cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 koi8_r iso8859_2 iso8859_5 iso8859_15 "
    "gb18030 big5 cp932 euc_jp cp949 mac_roman cp437 cp850 cp866"
)
"""What texts that are no UTF-8 are nearly always in; of two that read a text alike, the first is named."""


def detect_mark(head: bytes) -> str | None:
    """Return the encoding whose byte order mark stands at the beginning, if one does."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def is_utf8(encoding: str) -> bool:
    """Return whether an encoding is UTF-8, under any of its names."""
    try:
        return codecs.lookup(encoding).name in {"utf-8", "utf-8-sig"}
    except (LookupError, ValueError):
        return False


def is_encoding(name: str) -> bool:
    """Return whether a name is that of an encoding of text."""
    try:
        return isinstance("".encode(name), bytes)
    except (LookupError, ValueError):
        return False


def is_valid_utf8(head: bytes) -> bool:
    """Return whether a text's beginning is UTF-8; its last character may be cut, halves of pairs may stand in it."""
    try:
        codecs.getincrementaldecoder("utf-8")("surrogatepass").decode(head)
    except UnicodeError:
        return False
    return True


def is_binary(head: bytes) -> bool:
    """Return whether a file's beginning can hardly be text in any encoding: one with NUL bytes and control characters.

    UTF-16 and UTF-32 are no binaries; nor is what is valid UTF-8, such as a log with a hole of NUL bytes.
    """
    if detect_mark(head) or find_zeros(head) or is_valid_utf8(head):
        return False
    return head.count(0) > len(head) // 500 or len(_CONTROL.findall(head)) > len(head) // 25


def find_encoding(head: bytes) -> tuple[str, bool]:
    """Return the encoding of a text by its beginning, and whether it is a guess.

    A text of which most bytes beyond ASCII are UTF-8 is UTF-8.

    Args:
        head: Its first block.
    """
    if mark := detect_mark(head):
        return mark, False
    if likely := find_zeros(head):
        return likely, True
    if _ends_in_accent(head):
        return "cp1252", True
    if is_valid_utf8(head):
        return ("iso2022_jp", True) if _SHIFT_JAPANESE.search(head) else ("utf-8", False)
    if is_mostly_utf8(UTF8_RUN.split(head)):
        return "utf-8", False
    return guess_best(head), True


def _ends_in_accent(head: bytes) -> bool:
    r"""Return whether the only byte beyond ASCII is the last one: `caf\xe9` is a word, and no half of a character."""
    return head[:-1].isascii() and head[-1:] >= b"\xe0" and head[-2:-1].isalpha()


def find_declared(head: bytes) -> str:
    """Return the encoding that a file says it is in, as Python, XML and CSS do in their first lines; empty where none.

    Example:
        >>> find_declared(b"# -*- coding: latin-1 -*-")
        'latin-1'
    """
    first = b"\n".join(head[:1024].splitlines()[:2])
    found = _DECLARED.search(first)
    return found[1].decode("ascii") if found else ""


def is_mostly_utf8(runs: list[bytes]) -> bool:
    """Return whether more bytes beyond ASCII are UTF-8 than not.

    Args:
        runs: A text, as `UTF8_RUN` splits it: every second one is UTF-8.
    """
    others = sum(len(run) - len(run.translate(None, _HIGH)) for run in runs[::2])
    return sum(map(len, runs[1::2])) > others


def guess_best(data: bytes) -> str:
    """Return the encoding that lines are most likely in, of those that are no UTF-8.

    Args:
        data: Lines; 16 KB of those that matter are looked at, so that it takes no time.
    """
    lines = b"".join(line for line in data.splitlines(keepends=True) if not is_valid_utf8(line)) or data
    sample = lines[: 4 * _SAMPLE]
    if len(sample) < len(lines):
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    high = sum(map(len, _HIGH_RUN.findall(sample)))
    if high < _ENOUGH and high < _ACCENTS * len(sample):
        return "cp1252"
    if (normalizer := _import_normalizer()) is not None:
        best = normalizer.from_bytes(sample, cp_isolation=_KNOWN.split()).best()
        if best is not None:
            alike = {best.encoding, *best.could_be_from_charset}
            return next((name for name in _KNOWN.split() if name in alike), best.encoding)
    return guess_encoding(sample, 0, unlike="utf-8")


def _import_normalizer() -> ModuleType | None:
    """Return charset-normalizer; None where it is not installed, for text is read without it, too."""
    try:
        return import_module("charset_normalizer")
    except ImportError:
        return None


def spell_halves(text: str) -> str:
    r"""Return a text whose halves of surrogate pairs, which are no characters, are spelled out.

    Example:
        >>> spell_halves("a\ud800")
        'a\\ud800'
    """
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def find_zeros(head: bytes) -> str | None:
    """Return the encoding that a text's beginning looks like, if it is one with zeros in it: UTF-16 or UTF-32.

    Bytes of Western text in it are valid UTF-8, with a NUL at every other place, so that nothing else would tell.
    """
    sample = head[:_SAMPLE]
    if len(sample) < _FEWEST:
        return None
    zeros = [sample[place::4].count(0) / len(sample[place::4]) for place in range(4)]
    for name, wanted in _ZEROS:
        if all(
            share > _MOST if is_zero else share < 1 - _MOST
            for share, is_zero in zip(zeros, wanted, strict=True)
        ):
            return name
    return _find_pairs(sample)


def _find_pairs(sample: bytes) -> str | None:
    """Return which UTF-16 a sample is in whose letters are not Western, or none.

    As bytes it would be full of control characters; as UTF-16 it has none, nor any character that Unicode lacks, and
    it has spaces or newlines. Pairs of ASCII letters would pass for ideographs, so it may not be mostly ASCII.
    """
    if len(_CONTROL.findall(sample)) <= len(sample) // 100 or len(_PRINTABLE.findall(sample)) > 0.75 * len(
        sample
    ):
        return None
    for name in ("utf-16-le", "utf-16-be"):
        try:
            text = codecs.getincrementaldecoder(name)().decode(sample)
        except UnicodeError:
            continue
        kinds = {unicodedata.category(letter) for letter in {*text} - {*"\t\n\r\f"}}
        if not kinds & {"Cc", "Cn", "Co", "Cs"} and (" " in text or "\n" in text):
            return name
    return None


def guess_encoding(data: bytes, start: int, *, unlike: str) -> str:
    """Return an encoding worth trying for bytes that are not valid in another.

    Args:
        data: Bytes around the place.
        start: Where in them it broke.
        unlike: The encoding that failed.
    """
    sample = data[max(0, start - _SAMPLE) : start + _SAMPLE]
    zeros = [sample[offset::2].count(0) for offset in (0, 1)]
    if max(zeros) > len(sample) // 8:  # every other byte of western text in UTF-16 is zero
        odd = start > _SAMPLE and (start - _SAMPLE) % 2
        return "utf-16-le" if (zeros[1] > zeros[0]) != odd else "utf-16-be"
    candidates = [*_candidates(sample), "cp1252", "latin-1"]
    return next(name for name in candidates if name != unlike and _can_decode(sample, name))


def _candidates(sample: bytes) -> list[str]:
    runs = _HIGH_RUN.findall(sample)
    high = sum(map(len, runs))
    if high < 0.3 * len(sample):  # accents here and there
        return []
    if sample.count(0x82) + sample.count(0x83) > high // 10:  # what kana begin with
        return ["shift_jis"]
    # Chinese and Korean characters take two bytes each, Cyrillic letters one.
    if sum(len(run) % 2 for run in runs) > len(runs) // 4:
        return ["cp1251"]
    return ["gb18030", "euc-kr"]


def _can_decode(sample: bytes, encoding: str) -> bool:
    """Return whether an encoding reads the bytes, except a character cut in two at either end."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample[sample.find(b"\n") + 1 :])
    except UnicodeError:
        return False
    return True
