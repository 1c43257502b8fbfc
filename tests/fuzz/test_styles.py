"""The door of page styles: whatever values, names or JSON come in, pages or an error of ours in one short line."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glyph_memory import FontError, PageStyle, StyleError, typeset
from tests.fuzz.outcomes import FINE, outcome_of

TEXT = "Hello wörld, a  b\t中文字体，。\n\n\r\n§1 user e\u0301\u200b\u202e\uffff\ud800نص हिन्दी \U0001f600 hello\x00"

_NUMBERS = st.sampled_from(
    [0, 1, 2, 3, 5, 9, 10, 12, 14, 28, 30, 50, 72, 96, 300, 595, 842, 1000, -1, -0.0, 0.05, 0.9, 1e-3, 1e-9, 5e-324,
     1e308, 10**400, float("nan"), float("inf")]
) | st.floats(0, 100)  # fmt: skip
_COLORS = st.sampled_from(
    ["#000000", "#FFFFFF", "#ff0000", "#00000", "#000000\n", "red", "#００００００", "\ud800"]
)
_WRONG = st.sampled_from([None, True, "", "x", "9", b"", [], {}, ("sans",), [["user", "#000000"]], object()])
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "float": _NUMBERS,
    "int": st.sampled_from([0, 1, 2, 3, 7, 27, 28, 29, 32, 100, 10_000, 10_001, -1, 10**400]),
    "bool": st.booleans(),
    "Layout": st.sampled_from(["fixed", "auto", "best"]),
    "Alignment": st.sampled_from(["left", "center", "right", "justify", "middle"]),
    "str": _COLORS
    | st.sampled_from(["sans", "mono", "", " ⏎ ", "中", "\u0301", "x" * 5000, "/" + "x" * 5000]),
    "tuple[str, ...]": st.lists(st.sampled_from(["mono", "/tmp", "#1", "x" * 5000]), max_size=2).map(tuple),  # noqa: S108 - never written
    "tuple[tuple[str, str], ...]": st.lists(st.tuples(st.text(max_size=4), _COLORS), max_size=3).map(tuple),
}
_STYLES = st.fixed_dictionaries(
    {}, optional={field.name: _VALUES[str(field.type)] | _WRONG for field in fields(PageStyle)}
).flatmap(
    lambda given: (
        st.sets(st.sampled_from(sorted(given)), max_size=5).map(
            lambda names: {name: given[name] for name in names}
        )
        if given
        else st.just(given)
    )
)


def draws_all(style: PageStyle) -> bool:
    """Return whether all of the text stands on pages of a style, each of them a picture."""
    pages = typeset(TEXT, style=style)
    are_pictures = all(page.png().startswith(b"\x89PNG") for page in pages)
    return are_pictures and "".join(page.text for page in pages) == TEXT


def try_style(style: dict[str, Any]) -> str:
    """Return what comes of a style of these values."""
    return outcome_of(lambda: draws_all(PageStyle(**style)), (StyleError, FontError))


@settings(settings.get_profile("fuzz"))
@example(style={"dpi": 10**400})
@example(style={"font": "/" + "x" * 5000})
@example(style={"font": "sans.ttf#²"})
@example(style={"newline_mark": "x" * 100_000})
@example(style={"fallback_fonts": ("no such family",)})
@example(style={"reference": True, "alignment": "center", "newline_mark": "ab " * 20, "font_size_pt": 9.5})
@given(style=_STYLES)
def test_values_of_any_kind_make_pages_or_are_refused(style: dict[str, Any]) -> None:
    """Whichever they are."""
    assert try_style(style) in FINE


def test_a_number_that_cannot_be_printed_is_refused_all_the_same() -> None:
    """Python prints no integer of more than 4,300 digits."""
    for name in ("columns", "dpi", "space_shrink", "letter_spacing_pt"):
        assert try_style({name: 10**5000}) == "refused"


@pytest.mark.parametrize("gap_pt", [0, 1, 14])
@pytest.mark.parametrize("columns", [2, 12, 20, 27, 28, 29, 40])
def test_any_number_of_columns_makes_pages_or_is_refused(columns: int, gap_pt: float) -> None:
    """In any letters."""
    for size_pt in (1, 3, 9):
        assert try_style({"columns": columns, "column_gap_pt": gap_pt, "font_size_pt": size_pt}) in FINE


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for all configurations."""
    return tmp_path_factory.mktemp("styles") / "style.json"


_KEYS = st.sampled_from(
    ["dpi", "page-size", "font-path", "font-size", "line-height", "alignment", "newline-markup", "auto-crop-width",
     "font-color", "border-width", "x" * 2000, "", "\x1b[31m"]
)  # fmt: skip
_HELD = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.text(max_size=8) | _COLORS
    | st.sampled_from(["595,842", "1,2,3", "nan,nan", "TA_LEFT", "0x1", "<" * 20_000, "1e400", "x" * 5000 + ".ttf"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@settings(settings.get_profile("fuzz"))
@example(config={"newline-markup": "<" * 300_000})
@example(config={"dpi": 10**400})
@example(config={"font-path": "x" * 10_000 + ".ttf"})
@given(config=st.dictionaries(_KEYS, _HELD, max_size=4))
def test_a_configuration_of_any_values_is_a_style_or_an_error_of_ours(
    path: Path, config: dict[str, Any]
) -> None:
    """Whatever JSON holds."""
    path.write_text(json.dumps(config))
    assert outcome_of(lambda: draws_all(PageStyle.from_glyph_json(path))) in FINE


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "[" * 100_000, '{"dpi":' + "[" * 100_000, '{"dpi":' + "9" * 5000 + "}", "\xff"]
)
def test_what_is_no_configuration_is_refused(path: Path, text: str) -> None:
    """Deep or long as it may be."""
    path.write_text(text, encoding="latin-1")
    with pytest.raises(StyleError):
        PageStyle.from_glyph_json(path)
