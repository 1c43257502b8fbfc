"""The settings of a folder of page data: all that its samples depend on, so that a run that goes on makes the same.

Knows recipes, texts and fonts; knows nothing about shards.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from glyph_memory.errors import FontError
from glyph_memory.style import TYPESETTER, PageStyle
from glyph_memory.training.pages.distribution import StyleDistribution
from glyph_memory.training.pages.keep_out import KeepOut
from glyph_memory.training.pages.manifest import FONTS, MADE_UP_BY, PHRASES
from glyph_memory.training.pages.recipe import PageRecipe
from glyph_memory.typesetting import style_fingerprint


def list_settings(
    recipe: PageRecipe,
    *,
    files: Sequence[Path],
    are_strings: bool,
    keep_out: KeepOut,
    others: Mapping[str, object],
) -> dict[str, object]:
    """Return the settings as plain values for JSON.

    Args:
        recipe: What is made.
        files: The files of the texts.
        are_strings: Whether the texts are those of a program instead.
        keep_out: What samples must not share phrases with; a file may have changed, so its phrases count.
        others: Settings as they were given.
    """
    texts = [str(file) for file in files] or ("strings" if are_strings else None)
    settings = {
        **recipe.to_json(), "texts": texts, **others, PHRASES: keep_out.digest, "typesetter": TYPESETTER,
        FONTS: digest_fonts(recipe.styles),
    }  # fmt: skip
    if texts is None:  # of the standard library's texts, which differ from version to version
        settings[MADE_UP_BY] = f"Python {platform.python_version()}"
    return settings


def digest_fonts(styles: StyleDistribution) -> str:
    """Return a digest of the fonts that styles draw with, the machine's fallback fonts included.

    A font that is not there counts as such: it may be installed later.
    """
    digest = hashlib.sha256()
    for name in styles.list_fonts():
        try:
            digest.update(style_fingerprint(PageStyle(font=name)).encode())
        except FontError:
            digest.update(f"no {name}".encode())
    return digest.hexdigest()[:32]
