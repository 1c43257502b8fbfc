"""What a language model proposes is a stranger's words: valid, invalid, hostile, among prose, and by the thousand."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from glyph_memory.style import GLYPH_MARK, PageStyle
from glyph_memory.training.pages import find_clash
from glyph_memory.training.style_search import Aim, Candidate, Score
from glyph_memory.training.style_search.genes import StyleSpace, list_genes
from glyph_memory.training.style_search.prompts import write_correction, write_prompt
from glyph_memory.training.style_search.replies import Proposals, read_proposals

_SPACE = StyleSpace(genes=list_genes(), rule=find_clash)
_MARKS = ("", GLYPH_MARK)


def _make(number: int, style: PageStyle, accuracy: float = 1.0) -> Candidate:
    score = Score(scores=(accuracy,) * 4, text_tokens=300 + number, page_tokens=100)
    return Candidate(number=number, generation=0, style=style, origin="drawn", score=score)


_KNOWN = (_make(0, PageStyle()), _make(3, PageStyle(font="mono", dpi=96)))


def _read(*entries: object, at_most: int = 6, **more: Any) -> Proposals:
    text = json.dumps({"analysis": "smaller is denser", "proposals": list(entries), **more})
    return read_proposals(text, _KNOWN, _SPACE, marks=_MARKS, at_most=at_most)


def _change(**fields: object) -> Mapping[str, object]:
    return {"parents": [0], "change": fields, "why": "to try it"}


def test_a_change_and_a_crossing_become_styles() -> None:
    """With parents, reasons, and what the model said of the population."""
    read = _read(
        _change(font_size_pt=8), {"parents": [0, 3], "take": ["font", "dpi"], "change": {"columns": 2}}
    )
    assert read.analysis == "smaller is denser" and not read.refused
    assert [one.style for one in read.accepted] == [
        PageStyle(font_size_pt=8),
        PageStyle(font="mono", dpi=96, columns=2),
    ]
    assert [one.parents for one in read.accepted] == [(0,), (0, 3)]
    assert read.accepted[0].reason == "to try it"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (_change(kerning=1), "'kerning' is no field"),
        (_change(font="/etc/passwd"), "font='/etc/passwd' is none of"),
        (_change(fallback_fonts=["/dev/zero"]), "'fallback_fonts' is no field"),
        (_change(reference=True), "'reference' is no field"),
        (_change(dpi=1e9), "dpi=1000000000.0 is no number from 48 to 200"),
        (_change(dpi=float("nan")), "dpi=nan is no number"),
        (_change(dpi=float("inf")), "dpi=inf is no number"),
        (_change(dpi="96"), "dpi='96' is no number"),
        (_change(columns=True), "columns=True is no number"),
        (_change(columns=1.5), "columns=1.5 is no whole number"),
        (_change(antialias=1), "antialias=1 is none of"),
        (_change(newline_mark="<script>"), "newline_mark='<script>' is none of"),
        (_change(font_color="red"), "font_color='red' is no colour"),
        (_change(font_color=["#000000"]), "font_color=.* must be a string"),
        (_change(font_size_pt=14), "lines would overlap"),
        (_change(margin_x_pt=72, page_width_pt=200, columns=6), "leave a line no wider|no room"),
        (_change(font="mono", alignment="justify"), "justified monospaced"),
        (_change(), "nothing is changed"),
        (_change(font_size_pt=9), "tried already"),
        ({"change": {"dpi": 96}}, "parents=None"),
        ({"parents": [7], "change": {"dpi": 96}}, r"parents=\[7\] are not"),
        ({"parents": [0, 3, 0], "change": {"dpi": 96}}, "are not one or two"),
        ({"parents": [True], "change": {"dpi": 96}}, "are not one or two"),
        ({"parents": [[0]], "change": {"dpi": 96}}, "are not one or two"),
        ({"parents": [0], "take": ["dpi"]}, "needs a second parent"),
        ({"parents": [0, 3], "take": "dpi"}, "is no list of fields"),
        ({"parents": [0], "change": [1]}, "is no object of fields"),
        ({"parents": [0], "change": {"dpi": 96}, "exec": "rm"}, "no proposal has 'exec'"),
        ("make it good", "is no object"),
        (None, "is no object"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(entry: object, reason: str) -> None:
    """And the proposals beside it are taken."""
    read = _read(entry, _change(dpi=78))
    assert len(read.accepted) == 1 and len(read.refused) == 1
    assert re.search(reason, read.refused[0]), read.refused


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I propose smaller letters.",
        "{" * 100_000,
        '{"proposals": ' * 2_000,
        '{"proposals": {"0": 1}}',
        '[{"parents": [0]}]',
        '{"proposals": [' + "[" * 100_000,
        "\x00\ud800{",
    ],
)
def test_a_reply_without_proposals_is_refused_as_a_whole(text: str) -> None:
    """Whatever it is, and soon."""
    read = read_proposals(text, _KNOWN, _SPACE, marks=_MARKS, at_most=4)
    assert not read.accepted and "no JSON object" in read.refused[0]


def test_words_and_other_braces_may_stand_round_the_json() -> None:
    """As models write them."""
    inner = json.dumps({"proposals": [_change(dpi=78)]})
    text = f"Let θ = {{a, b}}. First: {{}}\n```json\n{inner}\n```\nI hope {{this}} helps."
    assert len(read_proposals(text, _KNOWN, _SPACE, marks=_MARKS, at_most=4).accepted) == 1


def test_of_thousands_a_few_are_looked_at() -> None:
    """The rest are counted; a style that is proposed twice counts once."""
    many = [_change(dpi=50 + number / 100) for number in range(5_000)]
    read = _read(*many, at_most=6)
    assert len(read.accepted) == 6 and read.surplus == 4_994
    bad = _read(*[_change(kerning=1)] * 5_000, at_most=6)
    assert len(bad.refused) == 24 and bad.surplus == 4_976
    twice = _read(_change(dpi=78), _change(dpi=78))
    assert len(twice.accepted) == 1 and "proposed twice" in twice.refused[0]


def test_reasons_and_analyses_of_any_kind_do_no_harm() -> None:
    """Words are cut; what is none is left out."""
    read = _read(
        {**_change(dpi=78), "why": ["x"] * 9}, {**_change(dpi=84), "why": "y" * 9_999}, analysis={"a": 1}
    )
    assert [len(one.reason) for one in read.accepted] == [0, 300] and read.analysis == ""


def test_a_prompt_names_what_was_tried_and_what_may_be() -> None:
    """The best, the front, intervals, ranges; and of hundreds of styles thirty."""
    known = [_make(number, PageStyle(dpi=60 + number / 10), accuracy=0.5) for number in range(300)]
    prompt = write_prompt(known, aim=Aim(floor=0.4), count=5, marks=_MARKS)
    assert "0.4 or more" in prompt and "299: accuracy 0.500" in prompt and "the best so far" in prompt
    assert prompt.count(": accuracy ") == 30 and "270 more were tried" in prompt
    assert "font_size_pt: 4 to 16" in prompt and "snap_px" not in prompt
    again = write_correction(prompt, "words", ["proposal 1: 'kerning' is no field"], count=2)
    assert again.startswith(prompt) and "- proposal 1: 'kerning' is no field" in again
