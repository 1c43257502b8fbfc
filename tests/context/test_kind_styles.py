"""With a calibration of several styles, each kind of text in a seal is drawn in its own, where that saves tokens."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory import (
    Binder,
    FoldPolicy,
    GlyphMemory,
    KindLimit,
    LetterCounts,
    ModelProfile,
    PageOptions,
    PageStyle,
    ReadingLimits,
    Seal,
    Transcript,
    Turn,
)
from glyph_memory.context.kind_styles import KindStyles
from glyph_memory.context.run_drawer import RunDrawer
from glyph_memory.context.text_kinds import classify_line, find_kinds
from glyph_memory.evaluate.calibration import KINDS
from glyph_memory.evaluate.calibration.sheets import make_records
from glyph_memory.folding import DrawnRun
from glyph_memory.page import Page
from glyph_memory.style import find_denser
from glyph_memory.typesetting import Composition, Stretch, compose

STYLES = {
    "prose": PageStyle(font_size_pt=8, line_height_pt=8).dense(),
    "code": PageStyle().dense(),
    "logs": PageStyle(),
    "identifiers": PageStyle(font_size_pt=12, line_height_pt=15),
    "cjk": PageStyle(font_size_pt=11, line_height_pt=13),
}
"""From what is read smallest to what has to be large."""
LIMITS = ReadingLimits(
    profile="glyph",
    floor=0.98,
    style=STYLES["identifiers"],
    kinds=tuple(KindLimit(kind=kind, style=style) for kind, style in STYLES.items()),
    letters=LetterCounts(alone=(("0", 100, 3),), words=(900, 0)),
)


def make_text(kind: str, lines: int, seed: object = 0) -> str:
    """Return some records of a kind."""
    return "".join(record.text for record in islice(make_records(kind, seed=str(seed)), lines))


def make_turns(rounds: int = 2) -> list[Turn]:
    """Return an agent's turns: a report, code in a fence, a log."""
    said = [
        (role, text)
        for one in range(rounds)
        for role, text in (
            ("user", make_text("prose", 20, one)),
            ("assistant", f"I wrote it:\n```\n{make_text('code', 25, one)}```\nIt runs."),
            ("tool", make_text("logs", 30, one)),
        )
    ]
    return [Turn(role=role, text=text, anchor=place) for place, (role, text) in enumerate(said, 1)]  # type: ignore[arg-type] # roles


def draw(binder: Binder, turns: list[Turn]) -> tuple[DrawnRun, Seal, list[Page]]:
    """Draw turns, and their seal's pages again."""
    drawn = binder.draw_run(turns, first_page=3, ledger_tokens=0)
    anchors = tuple(turn.anchor or 0 for turn in turns)
    seal = Seal(
        number=1,
        kind="pages",
        anchors=anchors,
        turns="ab",
        sealed_at=1,
        pages=drawn.pages,
        tokens=1,
        text_tokens=1,
    )
    return drawn, seal, binder.pages(seal, turns)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_calibrated_as_a_kind_is_found_to_be_it(kind: str) -> None:
    """A line of code that holds a key may count as identifiers, which are drawn no smaller."""
    text, counts = make_text(kind, 80), Counter[str]()
    for start, stop, found in find_kinds(text):
        counts[found] += stop - start
    assert counts[kind] > 0.7 * len(text)
    assert set(counts) <= {kind, "identifiers"}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("The harbour was quiet when the first boats came in.", "prose"),
        ("§42 user I think so, too.", "prose"),
        ("- buy milk", "prose"),
        ("    return find(order, total)", "code"),
        ("for (let i = 0; i < n; i++) {", "code"),
        ("total = price * count", "code"),
        ("2025-03-04 12:30:00 INFO started", "logs"),
        ("[ERROR] the disk is full", "logs"),
        ("§7 tool 12:30:01 worker-3 took 18 ms", "logs"),
        ("| name | size | date |", "logs"),
        ("name      size      date", "logs"),
        ('{"name": "Ada", "size": 7}', "logs"),
        ("level=info status=200 path=/v1", "logs"),
        ("Service cache has the key 8f0c2d1e-77aa-4b1c-9d3e-5f6a7b8c9d0e.", "identifiers"),
        ("aZ3k9Qx7Lp2W", "identifiers"),
        ("编号42的订单由张伟明签收", "cjk"),
        ("   \t ", ""),
        ("", ""),
    ],
)
def test_a_line_is_of_a_kind(line: str, kind: str) -> None:
    """By its characters alone; labels of ours are no part of it."""
    assert classify_line(line) == kind


def test_a_line_without_end_is_classified_by_its_ends() -> None:
    """In no time that grows with its square."""
    assert classify_line("a(" * 2_000_000) in {"prose", "code"}


def test_what_stands_in_a_fence_is_code() -> None:
    """Until it is closed, or the turn ends."""
    text = "See:\n```\nWe met at noon.\n\n```\nAnd so on.\n"
    assert [(text[start:stop], kind) for start, stop, kind in find_kinds(text)] == [
        ("See:\n", "prose"),
        ("```\nWe met at noon.\n\n```\n", "code"),
        ("And so on.\n", "prose"),
    ]
    open_fence = [Turn(role="user", text="```\nx = 1"), Turn(role="user", text="We met at noon. " * 999)]
    kinds = KindStyles.of(PageOptions(calibration=LIMITS))
    assert kinds is not None
    assert kinds.plan(compose(Transcript(tuple(open_fence)), style=PageStyle()))[-1].style == STYLES["prose"]


def test_each_kind_is_drawn_in_its_style_and_costs_less() -> None:
    """Than all of it in the style that every kind is read in; the run is told to be drawn by kind."""
    turns = make_turns()
    drawn, _, pages = draw(Binder(calibration=LIMITS), turns)
    one, _, _ = draw(Binder(style=LIMITS.style), turns)
    assert [page.kind for page in drawn.pages] == ["prose", "code", "logs"] * 2
    assert [page.style for page in pages] == [STYLES[page.kind] for page in drawn.pages]
    assert drawn.tokens < 0.6 * one.tokens
    assert drawn.layout == "mixed"


def test_no_line_is_drawn_denser_than_its_kind_is_read() -> None:
    """Whatever its neighbours are."""
    turns = [
        Turn(role="user", text="".join(make_text(kind, 3, number) + "\n" for kind in KINDS), anchor=number)
        for number in range(1, 8)
    ]
    _, _, pages = draw(Binder(calibration=LIMITS), turns)
    for page in pages:
        for _, _, kind in find_kinds(page.text):
            assert page.style is not None
            assert not find_denser(page.style, STYLES[kind])


def test_pages_hold_every_character_once_in_order() -> None:
    """With the anchors of the turns that stand on them, and numbers that go on."""
    turns = make_turns()
    composed = compose(Transcript(tuple(turns)), style=PageStyle())
    drawn, _, pages = draw(Binder(calibration=LIMITS), turns)
    assert "".join(page.text for page in pages) == composed.text
    assert [page.start for page in pages] == [0, *(page.stop for page in pages[:-1])]
    assert [page.number for page in drawn.pages] == list(range(3, 9))
    assert [page.anchors for page in drawn.pages] == [(1, 2), (2, 2), (3, 3), (4, 5), (5, 5), (6, 6)]
    for page in pages:
        assert all(composed.text[line.start : line.stop] == line.text for line in page.lines)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "We met.",
                "x = f(1);",
                "a=1 b=2",
                "",
                "\t",
                "8f0c2d1e77aa4b1c",
                "编号",
                "```",
                "\x0c",
                "§4 user x",
            ]
        ),
        max_size=30,
    )
)
def test_any_mix_of_lines_is_on_pages_once(lines: list[str]) -> None:
    """Blank ones, fences that stay open, false labels, form feeds."""
    turns = [
        Turn(role="user", text="\n".join(lines * 4) or "-", anchor=1),
        Turn(role="tool", text="ok", anchor=2),
    ]
    _, seal, pages = draw(SMALL, turns)
    assert "".join(page.text for page in pages) == compose(Transcript(tuple(turns)), style=PageStyle()).text
    assert [page.digest for page in pages] == [page.digest for page in seal.pages]


SMALL = Binder(calibration=LIMITS)


def test_lost_pages_are_drawn_again_to_the_pixel() -> None:
    """In their styles, with captions on them, too."""
    turns = make_turns()
    for captions in ("text", "page"):
        binder = Binder(calibration=LIMITS, captions=captions)
        _, seal, pages = draw(binder, turns)
        assert [page.digest for page in pages] == [page.digest for page in seal.pages]
        for page in seal.pages:
            binder.cache.forget(page.digest)
        assert len(binder.parts(seal, lambda: turns)) >= len(seal.pages)


def test_one_style_is_taken_where_it_costs_no_more() -> None:
    """A run of one kind that all are read in; a few words of another kind; a style that is given."""
    keys = [Turn(role="user", text=make_text("identifiers", 20), anchor=1)]
    assert {page.kind for page in draw(Binder(calibration=LIMITS), keys)[0].pages} == {""}
    few = [
        Turn(
            role="user", text=make_text("identifiers", 20) + "Yes.\n" + make_text("identifiers", 20), anchor=1
        )
    ]
    assert {page.kind for page in draw(Binder(calibration=LIMITS), few)[0].pages} == {""}
    chosen = Binder(calibration=LIMITS, style=LIMITS.style)
    assert {page.kind for page in draw(chosen, make_turns())[0].pages} == {""}


def test_pages_stay_few_where_a_request_may_hold_few() -> None:
    """Each takes a place among its images, however small it is."""
    turns = make_turns(6)
    policy = FoldPolicy(window_tokens=131_072, max_images=12)
    drawn, _, _ = draw(Binder(calibration=LIMITS, policy=policy), turns)
    one, _, _ = draw(Binder(style=LIMITS.style, policy=policy), turns)
    assert len(drawn.pages) <= len(one.pages)
    assert len(draw(Binder(calibration=LIMITS), turns)[0].pages) > len(one.pages)


def test_a_kind_that_was_not_measured_is_drawn_as_all_are_read() -> None:
    """Nothing is known of it."""
    fewer = replace(LIMITS, kinds=LIMITS.kinds[:1])
    drawn, _, _ = draw(Binder(calibration=fewer), make_turns())
    assert [page.kind for page in drawn.pages][:2] == ["prose", ""]


def test_a_calibration_of_one_style_changes_nothing() -> None:
    """Nor the fingerprint: seals that are stored stay."""
    alike = replace(LIMITS, kinds=tuple(KindLimit(kind=kind, style=LIMITS.style) for kind in KINDS))
    binder = Binder(calibration=alike)
    assert KindStyles.of(binder.options) is None
    assert {page.kind for page in draw(binder, make_turns())[0].pages} == {""}
    assert binder.fingerprint != Binder(calibration=LIMITS).fingerprint
    assert binder.fingerprint == Binder(calibration=LIMITS, style=LIMITS.style).fingerprint


def test_a_page_without_a_kind_is_spelled_as_before() -> None:
    """So digests of older seals hold."""
    _, seal, _ = draw(Binder(calibration=LIMITS), make_turns())
    told = json.loads(json.dumps(seal.to_json()))
    assert [page["kind"] for page in told["pages"]] == ["prose", "code", "logs"] * 2
    assert Seal.from_json(told) == seal
    plain = replace(seal, pages=tuple(replace(page, kind="") for page in seal.pages))
    assert all("kind" not in page for page in plain.to_json()["pages"])
    assert Seal.from_json(json.loads(json.dumps(plain.to_json()))) == plain


def test_a_memory_seals_by_kind_and_goes_on_with_it(tmp_path: Path) -> None:
    """The note tells what marks mean, zoom returns a page's text, and nothing is drawn anew when it is opened again."""
    policy = replace(
        FoldPolicy.for_profile(ModelProfile.from_name("glyph")),
        seal_tokens=6000,
        keep_recent_tokens=64,
        trigger_tokens=6064,
    )
    how = {"calibration": LIMITS, "policy": policy}
    with GlyphMemory.open(tmp_path / "a.db", **how) as memory:  # type: ignore[arg-type] # page options
        memory.extend([replace(turn, anchor=None) for turn in make_turns(4)])
        seals, context = memory.fold().seals, memory.context()
        kinds = [page.kind for seal in seals for page in seal.pages]
        assert {"prose", "code", "logs"} <= set(kinds)
        assert "signs are layout, not text" in str(context.messages)
        assert memory.zoom(f"page {kinds.index('code') + 1}").text.count("```") == 2
        assert memory.report().layouts == {"mixed": len(kinds)}
    with GlyphMemory.open(tmp_path / "a.db", **how) as memory:  # type: ignore[arg-type] # page options
        assert memory.fold().seals == seals


def test_a_plan_that_turns_out_dearer_is_not_drawn() -> None:
    """It is made of estimates; the pages of both ways are counted."""

    class Hasty(KindStyles):
        def plan(self, composed: Composition) -> list[Stretch]:
            styles = (STYLES["prose"], STYLES["identifiers"])
            return [
                Stretch(start=start, stop=stop, style=styles[place % 2])
                for place, (start, stop) in enumerate(composed.turns)
            ]

    styles = {"": STYLES["identifiers"], "prose": STYLES["prose"]}
    profile = ModelProfile.from_name("glyph")
    drawer = RunDrawer(
        styles[""],
        image_tokens=lambda size: profile.image_tokens(size, images=2),
        captioned=False,
        kinds=Hasty(styles, {}, profile),
        show_turn=lambda turn: turn,
    )
    short = [Turn(role="user", text="Yes.", anchor=place) for place in range(1, 9)]
    assert [page.style for page, _ in drawer.draw_cheapest(short, 1)] == [styles[""]]
    long = [replace(turn, text="We met at noon. " * 300) for turn in short]
    assert {page.style for page, _ in drawer.draw_cheapest(long, 1)} == set(styles.values())
