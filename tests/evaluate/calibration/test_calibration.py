"""A calibration is kept as a file, refuses what it was not measured for, and gives memories their style."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glyph_memory.context import Binder, PageOptions
from glyph_memory.errors import GlyphMemoryError, GlyphMemoryWarning, ProfileError, StyleError
from glyph_memory.evaluate.calibration import (
    Calibration,
    KindCalibration,
    Ladder,
    Measured,
    PrefillSpeed,
    Rung,
    Tally,
)
from glyph_memory.evaluate.calibration.sequential import Verdict
from glyph_memory.memory import GlyphMemory
from glyph_memory.style import LetterCounts, PageStyle
from glyph_memory.typesetting import style_fingerprint

LADDER = Ladder()


def make_kind(kind: str, rung: Rung | None, *missed: Rung) -> KindCalibration:
    """Return what was measured of a kind."""

    def measure(one: Rung, right: int, wrong: int, verdict: Verdict) -> Measured:
        tally = Tally(correct=right, silently_wrong=wrong)
        return Measured(rung=one, looked_at=tally, proof=Tally(), verdict=verdict)

    return KindCalibration(
        kind=kind,
        rung=rung,
        is_proven=rung is not None,
        pages=LADDER.get_pages(rung) if rung else 0,
        ratio=3.5,
        fingerprint=style_fingerprint(LADDER.build_style(rung)) if rung else "",
        measured=(
            *((measure(rung, 200, 0, "kept"),) if rung else ()),
            *(measure(one, 8, 5, "missed") for one in missed),
        ),
    )


CALIBRATION = Calibration(
    model="zai-org/Glyph",
    profile="glyph",
    floor=0.98,
    confidence=0.95,
    ladder=LADDER,
    kinds=(
        make_kind("prose", Rung(size=6, pitch=1, pages=1)),
        make_kind("code", Rung(size=5, pages=2), Rung(size=6)),
    ),
    confusions=(("0", "O", 7), ("8", "B", 2)),
    not_stated=Tally(correct=20, silently_wrong=4),
    prefill=(PrefillSpeed(shown="page", is_cached=False, tokens=2500, cached_tokens=None, seconds=0.5),),
    letters=LetterCounts(alone=(("0", 300, 7), ("8", 280, 2)), words=(2000, 1)),
    questions=500,
    left_out=("cjk is left out: no font",),
)


def test_a_calibration_survives_its_file(tmp_path: Path) -> None:
    """As it was, and with what it names: model, package, version of the typesetter."""
    path = tmp_path / "calibration.json"
    CALIBRATION.save(path)
    assert Calibration.load(path, profile="glyph", model="zai-org/Glyph") == CALIBRATION
    written = json.loads(path.read_text())
    assert (written["model"], written["profile"]) == ("zai-org/Glyph", "glyph")
    assert {"package", "style_version", "format"} <= set(written)


def test_one_of_another_model_is_refused_by_name(tmp_path: Path) -> None:
    """Of another profile, and of another name on the server."""
    path = tmp_path / "calibration.json"
    CALIBRATION.save(path)
    with pytest.raises(
        ProfileError, match=r"is of 'glyph', not of 'qwen3-vl'; run glyph-memory calibrate again"
    ):
        Calibration.load(path, profile="qwen3-vl")
    with pytest.raises(ProfileError, match=r"is of 'zai-org/Glyph', not of 'my/Glyph-GGUF'"):
        Calibration.load(path, model="my/Glyph-GGUF")


def test_one_of_pages_that_look_otherwise_is_refused_by_name() -> None:
    """The typesetter's version went up since."""
    with pytest.raises(StyleError, match=r"of 'zai-org/Glyph' is of pages of version 1 .* draws version"):
        Calibration.from_json({**CALIBRATION.to_json(), "style_version": 1})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no calibration"),
        ("[1]", "no calibration of format 2"),
        ('{"format": 3}', "no calibration of format 2"),
        (json.dumps({**CALIBRATION.to_json(), "kinds": [{}]}), "no calibration: 'kind'"),
        (json.dumps({**CALIBRATION.to_json(), "ladder": {}}), "no calibration: 'sizes_px'"),
        (json.dumps({**CALIBRATION.to_json(), "not_stated": {"right": 1}}), "no calibration: .*'right'"),
    ],
)
def test_a_file_that_is_none_is_refused(content: str, message: str, tmp_path: Path) -> None:
    """In one line."""
    path = tmp_path / "calibration.json"
    path.write_text(content)
    with pytest.raises(StyleError, match=message):
        Calibration.load(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With what makes one."""
    with pytest.raises(GlyphMemoryError, match=r"cannot read .*gone.json.*run glyph-memory calibrate again"):
        Calibration.load(tmp_path / "gone.json")


def test_each_kind_has_its_style_and_all_of_them_one() -> None:
    """The densest that is nowhere denser than any."""
    assert CALIBRATION.style("prose") == LADDER.build_style(Rung(size=6, pitch=1))
    assert CALIBRATION.style() == LADDER.build_style(Rung(size=5))
    assert (CALIBRATION.pages("code"), CALIBRATION.pages()) == (12, 4)
    with pytest.raises(StyleError, match="has no kind 'poems'; it has prose, code"):
        CALIBRATION.style("poems")


def test_a_kind_that_is_not_read_has_no_style() -> None:
    """And there is none for all kinds then."""
    blind = replace(CALIBRATION, kinds=(*CALIBRATION.kinds, make_kind("logs", None)))
    for kind in ("logs", None):
        with pytest.raises(StyleError, match=r"no style was proven to keep the floor of 0\.98 for logs"):
            blind.style(kind)


def test_a_style_that_is_not_proven_is_taken_with_a_warning() -> None:
    """The time was over before it was."""
    hasty = replace(CALIBRATION, kinds=(replace(CALIBRATION.kinds[0], is_proven=False),))
    with pytest.warns(GlyphMemoryWarning, match="the style for prose with 'zai-org/Glyph' is not proven"):
        assert hasty.style() == CALIBRATION.style("prose")


def test_a_memory_takes_the_calibrated_style() -> None:
    """Through its options, for the calibrated model unless another is named."""
    options = CALIBRATION.options(window_tokens=32_768)
    assert (options.page_style, options.profile.name) == (CALIBRATION.style(), "glyph")
    with GlyphMemory.open("sqlite://", options=options) as memory:
        memory.add("user", "Hello.")
    with pytest.raises(ProfileError, match="is of 'glyph', not of 'qwen3-vl'"):
        CALIBRATION.options(profile="qwen3-vl")


def test_a_memory_refuses_a_style_below_the_floor_with_a_word() -> None:
    """Which says what is too dense, for what, and how it was read; a sharper one is taken as it is."""
    small = LADDER.build_style(Rung(size=6, pitch=1))
    with pytest.raises(
        StyleError,
        match=r"letters of 8 px are smaller than 9 px: with 'zai-org/Glyph' .* for code, .*8 of 13 .* right",
    ):
        CALIBRATION.options(style=small)
    assert CALIBRATION.options(style=small, kind="prose").page_style == small
    large = PageStyle(font_size_pt=14, line_height_pt=18)
    assert CALIBRATION.options(PageOptions(style=large)).page_style == large


def test_other_fonts_than_those_it_was_measured_with_are_told() -> None:
    """When a memory begins to use it; the style is taken all the same."""
    elsewhere = replace(
        CALIBRATION, kinds=tuple(replace(one, fingerprint="other") for one in CALIBRATION.kinds)
    )
    with pytest.warns(GlyphMemoryWarning, match="measured with other fonts or drawing libraries"):
        assert Binder(options=elsewhere.options()).style == CALIBRATION.style()


@pytest.mark.parametrize(("counts", "share"), [({"correct": 3, "abstained": 1}, 0.75), ({}, 0.0)])
def test_a_tally_has_a_share_and_its_interval(counts: dict[str, Any], share: float) -> None:
    """Of nothing, nothing is known."""
    tally = Tally(**counts)
    low, high = tally.interval
    assert tally.share == share
    assert low <= share <= high
