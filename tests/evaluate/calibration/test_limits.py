"""What a memory takes of a calibration: the style, the floor and the letters, from a value or from a file."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glyph_memory import KindLimit, LetterCounts, ModelProfile, PageStyle, ReadingLimits
from glyph_memory.errors import GlyphMemoryError, ProfileError, StyleError
from glyph_memory.evaluate.calibration import Calibration, Rung
from glyph_memory.tokens import build_page_style
from tests.evaluate.calibration.test_calibration import CALIBRATION, LADDER, make_kind

LIMITS = CALIBRATION.limits()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A calibration as it was written."""
    path = tmp_path / "calibration.json"
    CALIBRATION.save(path)
    return path


def test_limits_are_what_was_calibrated(file: Path) -> None:
    """Of all kinds or of one, out of a value or a file: the same."""
    assert ReadingLimits.of(CALIBRATION) == ReadingLimits.of(LIMITS) == ReadingLimits.of(str(file)) == LIMITS
    assert ReadingLimits.load(file) == ReadingLimits.from_json(json.loads(json.dumps(LIMITS.to_json())))
    assert (LIMITS.style, LIMITS.find_style("prose")) == (CALIBRATION.style(), CALIBRATION.style("prose"))
    assert LIMITS.for_kind("prose") == CALIBRATION.limits("prose")
    assert (LIMITS.profile, LIMITS.model, LIMITS.floor) == ("glyph", "zai-org/Glyph", 0.98)
    assert LIMITS.letters == CALIBRATION.letters


def test_a_style_is_had_from_the_file_alone(file: Path) -> None:
    """For all kinds, or for one."""
    assert PageStyle.from_calibration(file) == CALIBRATION.style()
    assert PageStyle.from_calibration(str(file), "prose") == CALIBRATION.style("prose")
    with pytest.raises(StyleError, match="has no kind 'poems'; it has prose, code"):
        PageStyle.from_calibration(file, "poems")


def test_a_profile_has_its_pages_drawn_as_its_model_reads_them(file: Path) -> None:
    """And refuses a denser style; without a style there is none to choose."""
    profile = ModelProfile.from_name("glyph").with_calibration(file)
    assert build_page_style(None, profile) == CALIBRATION.style()
    with pytest.raises(StyleError, match="letters of 6 px are smaller than 9 px"):
        build_page_style(replace(CALIBRATION.style(), font_size_pt=6), profile)
    with pytest.raises(ProfileError, match="is of 'glyph', not of 'qwen3-vl'"):
        ModelProfile.from_name("qwen3-vl").with_calibration(CALIBRATION)
    with pytest.raises(ProfileError, match="reading='x' is no ReadingLimits"):
        replace(profile, reading="x")  # type: ignore[arg-type]  # which is the point


def test_a_kind_that_is_not_read_is_told_where_a_style_is_asked_for(tmp_path: Path) -> None:
    """One that is read still has its style."""
    path = tmp_path / "blind.json"
    replace(CALIBRATION, kinds=(*CALIBRATION.kinds, make_kind("logs", None))).save(path)
    limits = ReadingLimits.load(path)
    for ask in (
        limits.find_style,
        lambda: limits.find_style("logs"),
        lambda: PageStyle.from_calibration(path),
        lambda: PageStyle.from_calibration(path, "logs"),
        lambda: limits.check_style(PageStyle.glyph()),
    ):
        with pytest.raises(StyleError, match=r"no style was proven to keep the floor of 0\.98 for logs"):
            ask()
    assert limits.find_style("code") == PageStyle.from_calibration(path, "code") == CALIBRATION.style("code")


def test_a_calibration_without_kinds_gives_no_style(tmp_path: Path) -> None:
    """It has nothing to say."""
    path = tmp_path / "empty.json"
    replace(CALIBRATION, kinds=()).save(path)
    with pytest.raises(StyleError, match="has no kinds; run glyph-memory calibrate again"):
        ReadingLimits.load(path).find_style()
    with pytest.raises(StyleError, match="has no kinds; run glyph-memory calibrate again"):
        PageStyle.from_calibration(path)


WRITTEN = CALIBRATION.to_json()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no calibration"),
        (json.dumps(WRITTEN)[:200], "holds no calibration"),
        ("\x00\xff", "holds no calibration"),
        ("[" * 100_000, "holds no calibration"),
        ("7", "no calibration of format 2"),
        ('{"format": 9}', "no calibration of format 2"),
        (json.dumps({**WRITTEN, "style_version": 1}), r"is of pages of version 1 .* draws version"),
        (
            json.dumps({**WRITTEN, "format": 1}),
            "is of format 1, which has no part for memories; open it with",
        ),
        (json.dumps({**WRITTEN, "limits": None}), "no calibration"),
        (json.dumps({**WRITTEN, "format": [2]}), "no calibration of format 2"),
        (json.dumps({**WRITTEN, "limits": {"style": 9, "kinds": []}}), "9 is no style"),
        (
            json.dumps({**WRITTEN, "limits": {"style": {"ink": "blue"}, "kinds": []}}),
            "'ink'",
        ),
        (
            json.dumps({**WRITTEN, "limits": {"style": {"font_size_pt": "x"}, "kinds": []}}),
            "font_size_pt='x'",
        ),
    ],
)
def test_a_file_that_is_none_is_refused_by_whoever_takes_it(
    content: str, message: str, tmp_path: Path
) -> None:
    """Truncated, no JSON, another version: in one line."""
    path = tmp_path / "calibration.json"
    path.write_text(content)
    for take in (
        ReadingLimits.load,
        PageStyle.from_calibration,
        ModelProfile.from_name("glyph").with_calibration,
    ):
        with pytest.raises(StyleError, match=message):
            take(path)


@pytest.mark.parametrize(
    "letters",
    [
        {"alone": {}, "words": [math.inf, 0]},
        {"alone": {"0": [3, 4]}, "words": [0, 0]},
        {"alone": {}},
        {"alone": [], "words": [0, 0]},
        7,
    ],
)
def test_counts_that_cannot_be_are_refused(letters: Any) -> None:
    """More letters misread than asked for; none at all is an older calibration."""
    with pytest.raises(StyleError, match="no calibration"):
        ReadingLimits.from_json({**WRITTEN, "letters": letters})
    assert ReadingLimits.from_json({**WRITTEN, "letters": None}).letters is None


@pytest.mark.parametrize(
    "floor", [math.nan, math.inf, -1, 0, 1.5, pytest.param(10**400, id="huge"), "0.9", None]
)
def test_a_floor_that_is_no_share_is_refused(floor: Any) -> None:
    """Messages would say that a style is below it."""
    with pytest.raises(StyleError, match="no calibration: floor="):
        ReadingLimits.from_json({**WRITTEN, "floor": floor})


def test_an_older_file_is_read_and_can_be_saved_again(tmp_path: Path) -> None:
    """It counted no letters, which a memory tells."""
    old = {name: value for name, value in WRITTEN.items() if name not in {"letters", "limits"}}
    path = tmp_path / "old.json"
    path.write_text(json.dumps({**old, "format": 1}))
    Calibration.load(path).save(path)
    assert ReadingLimits.load(path) == replace(LIMITS, letters=None)


@pytest.mark.parametrize("value", [None, 7, {}, Calibration, ReadingLimits])
def test_what_is_no_calibration_is_refused(value: Any) -> None:
    """With what would do."""
    with pytest.raises(
        StyleError, match=r"is no calibration; give a Calibration, its limits\(\), or the path"
    ):
        ReadingLimits.of(value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With what makes one."""
    with pytest.raises(GlyphMemoryError, match=r"cannot read .*gone.json.*run glyph-memory calibrate again"):
        ReadingLimits.load(tmp_path / "gone.json")


GLYPH = ReadingLimits(
    profile="glyph",
    floor=0.95,
    style=PageStyle.glyph(),
    kinds=(KindLimit(kind="code", style=PageStyle.glyph()),),
)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"font_size_pt": 8}, "letters of 8 px are smaller than 9 px"),
        ({"dpi": 64}, "letters of 8 px are smaller than 9 px"),
        ({"horizontal_scale": 0.8}, "letters of 7.2 px are smaller than 9 px"),
        ({"line_height_pt": 9}, "lines 1 ems apart are closer than 1.11 ems"),
        ({"letter_spacing_pt": -0.5}, "letter_spacing_pt=-0.5 puts letters closer together"),
        ({"columns": 2}, "2 columns are more than 1"),
        ({"newline_mark": "⏎"}, "line breaks drawn as marks"),
        ({"font": "mono"}, "the font 'mono' is another"),
        ({"antialias": False}, "letters without grey edges"),
        ({"font_color": "#777777"}, "font_color='#777777' is another"),
        ({"page_color": "#CCCCCC"}, "page_color='#CCCCCC' is another"),
        ({"paragraph_color": "#CCCCCC"}, "paragraph_color='#CCCCCC' is another"),
    ],
)
def test_each_dial_of_a_denser_style_is_refused(given: dict[str, Any], fault: str) -> None:
    """With what is denser, for which model, which floor and which kind of text."""
    with pytest.raises(StyleError) as caught:
        GLYPH.check_style(replace(PageStyle.glyph(), **given))
    assert str(caught.value).startswith(fault)
    assert "with 'glyph' that is below the floor of 0.95 for code" in str(caught.value)


@pytest.mark.parametrize("given", [{"font_size_pt": 12, "line_height_pt": 16}, {"dpi": 96}, {"columns": 1}])
def test_a_sharper_style_is_taken(given: dict[str, Any]) -> None:
    """And the calibrated one itself."""
    GLYPH.check_style(replace(PageStyle.glyph(), **given))
    LIMITS.check_style(CALIBRATION.style())


def test_the_style_for_all_kinds_is_taken_though_one_kind_is_read_in_another_font() -> None:
    """What helps with small letters of one kind is no limit for larger ones; a small style for all is refused."""
    mixed = replace(
        CALIBRATION, kinds=(make_kind("prose", Rung(size=5)), make_kind("code", Rung(size=5, letters=2)))
    )
    for check in (mixed.limits().check_style, mixed.check_style):
        check(mixed.style())
        with pytest.raises(StyleError, match="the font"):
            check(LADDER.build_style(Rung(size=4, letters=2)))


def test_a_page_that_the_model_shrinks_counts_as_the_model_sees_it() -> None:
    """9 px are less of a page that is twice as large as the model takes."""
    profile = ModelProfile.from_name("deepseek-ocr-tiny")
    limits = replace(GLYPH, profile=profile.name, style=PageStyle.glyph(), kinds=())
    huge = replace(PageStyle.glyph(), page_width_pt=1190, page_height_pt=1684)
    limits.check_style(huge)
    with pytest.raises(StyleError, match=r"letters of 2\.\d+ px are smaller than 5\.\d+ px"):
        build_page_style(huge, profile.with_calibration(limits))


def test_letter_counts_are_plain_values() -> None:
    """Characters of any script."""
    counts = LetterCounts(alone=(("0", 5, 1), ("编", 2, 0)), words=(7, 0))
    assert LetterCounts.from_json(json.loads(json.dumps(counts.to_json()))) == counts
