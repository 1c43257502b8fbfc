"""What to install so that escaped characters can be drawn: a font, by its Debian package, or HarfBuzz.

Knows scripts and packages; knows nothing about which fonts are installed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from glyph_memory.page import Escape
from glyph_memory.typesetting.characters import get_script

_CJK = frozenset(
    ("CJK", "HANGUL", "HIRAGANA", "KATAKANA", "BOPOMOFO", "FULLWIDTH", "HALFWIDTH", "IDEOGRAPHIC", "KANGXI")
)
_SMALLER = {
    "ARABIC": "fonts-hosny-amiri", "BENGALI": "fonts-lohit-beng-bengali", "DEVANAGARI": "fonts-lohit-deva",
    "GUJARATI": "fonts-lohit-gujr", "KANNADA": "fonts-lohit-knda", "KHMER": "fonts-khmeros",
    "MALAYALAM": "fonts-lohit-mlym", "MYANMAR": "fonts-sil-padauk", "TAMIL": "fonts-lohit-taml",
    "TELUGU": "fonts-lohit-telu", "THAI": "fonts-thai-tlwg",
}  # fmt: skip
"""Of a script: a package with little else, where that is less than the 12 MB of fonts-noto-core."""
_NAMES = {"MYANMAR": "Burmese", "ORIYA": "Odia", "ETHIOPIC": "Ethiopic (Amharic)"}
_NAMED_AT_MOST = 4


def hints(escaped: Sequence[Escape]) -> Iterator[str]:
    """Yield a sentence for each thing to install; none where nothing would help."""
    missing = [escape for escape in escaped if escape.reason == "no font"]
    if missing:
        packages = _describe_packages([escape.character for escape in missing])
        yield (
            f"{_describe_escapes(missing)}: no font here has them, so they stand as their number; install a font "
            f"that has them{packages}, or give one with --fallback-font FILE"
        )
    unshaped = [escape for escape in escaped if escape.reason == "needs shaping"]
    if unshaped:
        packages = _describe_packages([escape.character for escape in unshaped])
        yield (
            f"{_describe_escapes(unshaped)}: their script has to be shaped, so they stand as their number; "
            f"pip install 'glyph-memory[shaping]', and a font that has them{packages}"
        )


def _describe_packages(characters: Sequence[str]) -> str:
    """Return which packages hold some characters, as the end of a clause; an empty text where none does."""
    sorts = [(_find_sort(character), character) for character in characters]
    scripts = list(dict.fromkeys(get_script(character) for sort, character in sorts if sort == "letter"))
    parts = []
    if scripts:
        more = ", …" if len(scripts) > _NAMED_AT_MOST else ""
        names = ", ".join(_NAMES.get(script, script.capitalize()) for script in scripts[:_NAMED_AT_MOST])
        alone = _SMALLER.get(scripts[0]) if len(scripts) == 1 else None
        parts.append(
            f"fonts-noto-core for {names}{more}" + (f" (or {alone}, which is smaller)" if alone else "")
        )
    if any(sort == "CJK" for sort, _ in sorts):
        parts.append("fonts-noto-cjk for Chinese, Japanese and Korean")
    if any(sort == "sign" for sort, _ in sorts):
        parts.append("fonts-symbola for emoji and signs, since fonts of coloured emoji hold no outlines")
    return f"; on Debian, apt install {'; '.join(parts)}" if parts else ""


def _find_sort(character: str) -> str:
    """Return which package a character is looked for in: of letters, CJK, signs, or none."""
    if get_script(character).partition("-")[0] in _CJK:
        return "CJK"
    return {"L": "letter", "M": "letter", "N": "letter", "S": "sign", "P": "sign"}.get(
        unicodedata.category(character)[0], ""
    )


def _describe_escapes(escapes: Sequence[Escape]) -> str:
    shown = "".join(escape.character for escape in escapes[:8])
    more = "…" if len(escapes) > 8 else ""
    return f"{sum(escape.count for escape in escapes):,} characters ({shown}{more})"
