"""The door of fonts: of a font file with any bytes, pages or a `FontError` in one line come out, and no crash."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glyph_memory import FontError, PageStyle, typeset
from glyph_memory.typesetting.fonts import SHIPPED
from tests.fuzz.bad_bytes import mutated
from tests.fuzz.outcomes import FINE, outcome_of

SANS, MONO = (SHIPPED / name for name in ("GlyphMemorySans.ttf", "DejaVuSansMono.ttf"))
TEXT = "Hello wörld 0123 e\u0301 \u1e69\u0323 中 हिन्दी نص \U0001f600\n" * 2
_TABLES = 400
"""Bytes of the table directory and the first tables' heads, where a change hurts most."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all of a fuzzer's fonts."""
    return tmp_path_factory.mktemp("fonts")


def draws_all(**style: Any) -> bool:
    """Return whether all of a text stands on pages of a style."""
    return "".join(page.text for page in typeset(TEXT, style=PageStyle(**style, system_fonts=False))) == TEXT


@settings(settings.get_profile("fuzz"))
@example(data=b"", antialias=True)
@example(data=b"\x00\x01\x00\x00" + b"\xff" * 500, antialias=True)
@given(data=mutated(SANS.read_bytes(), MONO.read_bytes(), head=_TABLES), antialias=st.booleans())
def test_a_font_of_changed_bytes_draws_or_is_refused(folder: Path, data: bytes, antialias: bool) -> None:
    """Its tables' lengths, outlines and maps may say anything."""
    path = folder / "changed.ttf"
    path.write_bytes(data)
    # A file of the same name is another font: what was prepared for it would be used again.
    renamed = folder / f"{os.urandom(8).hex()}.ttf"
    path.rename(renamed)
    own = outcome_of(lambda: draws_all(font=str(renamed), antialias=antialias))
    fallback = outcome_of(lambda: draws_all(fallback_fonts=(str(renamed),), antialias=antialias))
    renamed.unlink()
    assert {own, fallback} <= FINE


@pytest.mark.parametrize(
    "name",
    ["", "#", "sans#1", "\0", "\ud800", "/\ud800.ttf", "x" * 10_000, "/" + "x" * 10_000, "x" * 10_000 + ".ttf", "/",
     "/dev/null", "/dev/zero",
     f"{MONO}#²", f"{MONO}#{'9' * 30}", f"{MONO}#-1", f"{MONO}#x", f"{MONO}#7", "~nobody/x.ttf"],
)  # fmt: skip
def test_a_name_that_names_no_font_is_refused(name: str) -> None:
    """However long, and whatever it leads to."""
    with pytest.raises(FontError) as refused:
        typeset(TEXT, style=PageStyle(font=name))
    assert len(str(refused.value)) < 500


def test_what_could_block_or_fill_the_memory_is_no_font(tmp_path: Path) -> None:
    """A pipe that nobody writes to, a folder, a file of three gigabytes."""
    os.mkfifo(tmp_path / "pipe.ttf")
    (tmp_path / "folder.ttf").mkdir()
    with (tmp_path / "large.ttf").open("wb") as file:
        file.truncate(3 << 30)
    for name in ("pipe.ttf", "folder.ttf", "large.ttf"):
        with pytest.raises(FontError):
            typeset(TEXT, style=PageStyle(font=str(tmp_path / name)))


def test_a_broken_fallback_font_is_told_for_every_text(tmp_path: Path) -> None:
    """Not for the first one alone, while later ones have escapes."""
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    style = PageStyle(fallback_fonts=(str(tmp_path / "broken.ttf"),))
    for _ in range(3):
        with pytest.raises(FontError, match="broken"):
            typeset("plain", style=style)
