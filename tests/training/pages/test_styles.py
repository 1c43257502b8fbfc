"""Styles from themes: all can be drawn and follow the rules, the same from the same seed, and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from glyph_memory import PageStyle, typeset
from glyph_memory.errors import FontError
from glyph_memory.training import TrainingError
from glyph_memory.training.pages import StyleDistribution, StyleTheme, find_clash, measure_contrast
from glyph_memory.training.pages.made_texts import make_up_text

DEFAULT = StyleDistribution.default()


def test_contrasts_are_those_of_the_standard() -> None:
    """Black on white has 21, a colour on itself 1; #777777 on white is the well-known one just below 4.5."""
    assert measure_contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert measure_contrast("#123456", "#123456") == 1
    assert measure_contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("style", "clash"),
    [
        (PageStyle.glyph(), ""),
        (PageStyle.dark(), ""),
        (PageStyle(font_size_pt=4, line_height_pt=5), "letters too small or too large"),
        (PageStyle(font_size_pt=20, line_height_pt=24, dpi=110), "letters too small or too large"),
        (PageStyle(font_color="#999999"), "too little contrast"),
        (PageStyle(newline_color="#FFE0E0"), "labels or marks with too little contrast"),
        (PageStyle(line_height_pt=19), "lines too far apart"),
        (PageStyle(font="mono", alignment="justify"), "justified monospaced text"),
        (PageStyle(border_width_pt=1), "a frame without padding"),
        (PageStyle(left_indent_pt=100, right_indent_pt=100), "indents too large"),
        (PageStyle(page_width_pt=120), "lines too short"),
    ],
)
def test_what_does_not_go_together_is_named(style: PageStyle, clash: str) -> None:
    """Each rule has a style that breaks it alone; the presets break none."""
    assert find_clash(style) == clash


def test_all_drawn_styles_follow_the_rules_and_have_the_five_published_themes_among_them() -> None:
    """Hundreds of draws: none is refused by its look, and every theme comes."""
    drawn = [DEFAULT.draw_with_theme(Random(number)) for number in range(400)]
    assert {one.theme for one in drawn} == {theme.name for theme in DEFAULT.themes}
    assert {"document", "web", "dark", "code", "pixel"} < {one.theme for one in drawn}
    assert not [one.style for one in drawn if find_clash(one.style)]
    assert len({one.style for one in drawn}) > 350


@pytest.mark.parametrize("theme", [theme.name for theme in DEFAULT.themes])
def test_each_theme_draws_a_page(theme: str) -> None:
    """Whichever fonts are installed: at least one of three draws is of a font that comes with the package."""
    styles = StyleDistribution(themes=tuple(one for one in DEFAULT.themes if one.name == theme))
    drawn = [styles.draw(Random(number)) for number in range(30)]
    shipped = [style for style in drawn if style.font in ("sans", "mono")]
    assert len(shipped) > 5
    page = typeset("A line of text.", style=shipped[0])[0]
    assert all(side % 28 == 0 for side in page.size)


def test_a_distribution_comes_back_from_json_and_draws_the_same(tmp_path: Path) -> None:
    """Written, read, drawn from: nothing is lost."""
    file = tmp_path / "styles.json"
    file.write_text(json.dumps(DEFAULT.to_json()))
    read = StyleDistribution.read(file)
    assert read == DEFAULT
    assert [read.draw(Random(n)) for n in range(20)] == [DEFAULT.draw(Random(n)) for n in range(20)]


def test_a_seed_draws_with_the_packages_fonts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same on every machine; a machine's serif fonts are drawn where they are asked for, and installed."""
    assert DEFAULT.list_fonts() == ("mono", "sans")

    def find(style: PageStyle) -> str:
        if style.font == "Noto Serif":
            return "its digest"
        raise FontError(style.font)

    monkeypatch.setattr("glyph_memory.training.pages.distribution.style_fingerprint", find)
    assert StyleDistribution.with_system_fonts().list_fonts() == ("Noto Serif", "mono", "sans")
    assert StyleDistribution.of_style(PageStyle(font="mono")).list_fonts() == ("mono",)


def test_made_up_texts_need_no_font_of_the_machine() -> None:
    """Nothing that the package's own fonts draw as an escape, for want of a letter."""
    for seed in range(80):
        pages = typeset(make_up_text(Random(seed), 600), style=PageStyle(system_fonts=False))
        missing = [one for page in pages for one in page.escaped if one.reason == "no font"]
        assert not missing, (seed, missing)


def test_refused_draws_are_told_and_drawn_again() -> None:
    """Half of the sides break a rule, and one in four cannot be drawn at all."""
    theme = StyleTheme.of(
        "odd", [[{}, {"border_width_pt": 1}, {"font_color": "#888888"}, {"line_height_pt": 2}]]
    )
    styles = StyleDistribution(themes=(theme,))
    reasons = Counter[str]()
    for number in range(60):
        drawn = styles.draw_with_theme(Random(number))
        assert drawn.style == PageStyle()
        reasons.update(drawn.refused)
    assert {"a frame without padding", "too little contrast"} < set(reasons)
    assert any("line_height_pt=2 is below" in reason for reason in reasons)


def test_a_theme_that_draws_nothing_usable_is_refused() -> None:
    """It does not try for ever."""
    styles = StyleDistribution(themes=(StyleTheme.of("bad", [[{"border_width_pt": 1}]]),))
    with pytest.raises(TrainingError, match=r"theme 'bad' drew 200 styles .* a frame without padding"):
        styles.draw(Random(0))


def test_evenly_spaced_places_give_every_theme_its_share() -> None:
    """Two themes, one thrice as likely: of eight places it has six."""
    styles = StyleDistribution(
        themes=(StyleTheme.of("rare", [[{}]]), StyleTheme.of("often", [[{}]], weight=3))
    )
    names = [styles.draw_with_theme(Random(0), place=number / 8).theme for number in range(8)]
    assert Counter(names) == {"often": 6, "rare": 2}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "is no distribution"),
        ({"themes": []}, "without themes"),
        ({"themes": [{"name": "a", "dice": [[{"colour": "red"}]]}]}, "sets 'colour', which no style has"),
        ({"themes": [{"name": "a", "dice": [[]]}]}, "die without sides"),
        ({"themes": [{"name": "a", "dice": [["x"]]}]}, "is no object"),
        ({"themes": [{"name": "a", "dice": [[{}]]}] * 2}, "two themes have one name"),
        ({"themes": [{"name": "a", "dice": [[{}]], "weight": 0}]}, "weight=0 is not above 0"),
    ],
)
def test_what_is_no_distribution_is_refused(value: object, message: str) -> None:
    """The message says what is wrong."""
    with pytest.raises(TrainingError, match=message):
        StyleDistribution.from_json(value)


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    """With its name."""
    file = tmp_path / "styles.json"
    file.write_text("{")
    with pytest.raises(TrainingError, match=r"styles\.json.* as a distribution"):
        StyleDistribution.read(file)
