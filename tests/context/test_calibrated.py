"""What a calibration does in a memory: it gives the style, refuses denser ones, and orders the ledger."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glyph_memory import (
    Binder,
    Document,
    Folding,
    FoldPolicy,
    GlyphMemory,
    GlyphMemoryWarning,
    KindLimit,
    LetterCounts,
    ModelProfile,
    PageOptions,
    PageStyle,
    ProfileError,
    ReadingLimits,
    ServedModel,
    StyleError,
    Turn,
    pack,
)
from glyph_memory.context.new_pages import NewTurnDrawer
from glyph_memory.documents.ladder import make_ladder

READ = PageStyle(font_size_pt=10, line_height_pt=12)
LIMITS = ReadingLimits(
    profile="glyph",
    model="zai-org/Glyph",
    floor=0.98,
    style=READ,
    kinds=(KindLimit(kind="prose", style=READ),),
    letters=LetterCounts(
        alone=tuple((one, 500, 100 * (one in "0O")) for one in "0123456789abcdefO"), words=(900, 0)
    ),
)
DENSER = PageStyle(font_size_pt=8, line_height_pt=9)


def test_options_take_the_style_that_is_read() -> None:
    """Where none is given; one that is no denser stays."""
    assert PageOptions(calibration=LIMITS).page_style == READ
    large = PageStyle(font_size_pt=14, line_height_pt=18)
    assert PageOptions(calibration=LIMITS, style=large).page_style == large
    assert PageOptions().page_style == PageStyle.auto()


def test_a_calibrated_profile_is_a_calibration() -> None:
    """So that it works wherever a profile is given; what is kept of it is one value."""
    profile = ModelProfile.from_name("glyph").with_calibration(LIMITS)
    assert PageOptions(profile=profile) == PageOptions(calibration=LIMITS)
    assert PageOptions(profile=profile).calibrated_profile == profile
    with GlyphMemory.open(":memory:", profile=profile) as memory:
        assert (memory.style, memory.options.calibration) == (READ, LIMITS)


def test_options_are_merged_with_their_calibration() -> None:
    """It stays with the model, and None takes it out."""
    options = PageOptions(calibration=LIMITS)
    assert PageOptions.merge(options, {"captions": "page"}).calibration == LIMITS
    assert PageOptions.merge(options, {"calibration": None}) == PageOptions()
    assert options.narrow_images(50).narrow_window(8192).page_style == READ
    with pytest.raises(ProfileError, match="is of 'glyph', not of 'qwen3-vl'"):
        PageOptions.merge(options, {"profile": "qwen3-vl"})


@pytest.mark.parametrize(
    "take",
    [
        lambda how: PageOptions(**how),
        lambda how: Binder("glyph", **how),
        lambda how: GlyphMemory.open(":memory:", **how),
        lambda how: Folding("glyph", turn_of=lambda turn: turn, key_of=hash, name_of=repr, **how),
        lambda how: ServedModel(model="zai-org/Glyph").page_options(**how),
    ],
)
def test_a_style_below_the_floor_is_refused_with_a_word(take: Any) -> None:
    """By whatever takes page options, by preset or by value."""
    with pytest.raises(
        StyleError, match=r"letters of 8 px are smaller than 10 px: .* below the floor of 0\.98"
    ):
        take({"calibration": LIMITS, "style": DENSER})
    with pytest.raises(StyleError, match="letters of 9 px are smaller than 10 px"):
        take({"calibration": LIMITS, "style": "glyph"})


def test_a_calibration_of_another_model_is_refused_by_name() -> None:
    """Of another profile, or of another name on the server; a model that is not known is told nothing of."""
    with pytest.raises(ProfileError, match=r"is of 'glyph', not of 'qwen3-vl'; .* or give profile='glyph'"):
        PageOptions(profile="qwen3-vl", calibration=LIMITS)
    with pytest.raises(ProfileError, match="is of 'zai-org/Glyph', not of 'glyph-awq'"):
        ServedModel(model="glyph-awq").page_options(calibration=LIMITS)
    assert ServedModel(model="g", weights="zai-org/Glyph").page_options(calibration=LIMITS).page_style == READ


def test_a_served_model_takes_its_own_calibration() -> None:
    """Though options are Glyph's unless the server says otherwise."""
    qwen = replace(LIMITS, profile="qwen3-vl", model="Qwen/Qwen3-VL-8B-Instruct")
    options = ServedModel(model="Qwen/Qwen3-VL-8B-Instruct").page_options(calibration=qwen)
    assert (options.profile.name, options.page_style) == ("qwen3-vl", READ)


@pytest.mark.parametrize("wrong", [7, b"x", {}, "gone.json"])
def test_what_is_no_calibration_is_refused(
    wrong: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the options are made."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Exception, match=r"is no calibration|cannot read 'gone\.json'"):
        PageOptions(calibration=wrong)


def test_a_fingerprint_changes_with_what_is_sealed_and_with_nothing_else() -> None:
    """The letters choose a ledger's entries; the same style without them is the same binder as before."""
    plain = Binder("glyph", style=READ).fingerprint
    silent = replace(LIMITS, letters=None)
    with pytest.warns(GlyphMemoryWarning, match="does not say how often letters are misread"):
        assert Binder("glyph", calibration=silent).fingerprint == plain
    counted = Binder("glyph", calibration=LIMITS).fingerprint
    assert counted != plain
    assert counted == Binder("glyph", calibration=replace(LIMITS, floor=0.9), style=READ).fingerprint
    other = replace(LIMITS, letters=LetterCounts(alone=(("0", 5, 0),), words=(0, 0)))
    assert Binder("glyph", calibration=other).fingerprint != counted


def test_a_seal_lists_what_this_model_misreads() -> None:
    """Of two keys there is room for one: by the formula the longer one, here the one with zeros."""
    long, zeros = "7b1e4a9c8d2f6e3b5a1c9d7e", "8f0c2d0e"
    turns = [Turn(role="user", text=f"The keys are {long} and {zeros}.", anchor=1)]
    plain, counted = Binder(style=READ), Binder(calibration=LIMITS)
    room = plain.counts.count_cleaned(f'§1 "{long}"\n')
    listed = [one.draw_run(turns, first_page=1, ledger_tokens=room).ledger for one in (plain, counted)]
    assert listed == [(f'§1 "{long}"',), (f'§1 "{zeros}"',)]


def test_new_turns_are_drawn_no_denser_than_what_is_read() -> None:
    """Where there is no room for them, pages get denser elsewhere."""
    assert NewTurnDrawer(Binder(calibration=LIMITS)).styles == (READ,)
    assert len(NewTurnDrawer(Binder(style=READ)).styles) == 2
    marked = replace(LIMITS, style=READ.dense(), kinds=())
    assert NewTurnDrawer(Binder(calibration=marked)).styles == (READ.dense(),)


def test_what_packs_and_fits_documents_keeps_to_the_floor() -> None:
    """They would take marks, and smaller letters."""
    profile = ModelProfile.from_name("glyph").with_calibration(LIMITS)
    assert pack([Document(text="One."), Document(text="Two.")], profile=profile)[0].page.style == READ
    ladder = make_ladder(profile=profile)
    assert ladder[-1] == READ
    assert len(ladder) < len(make_ladder(READ))


def test_a_memory_says_what_is_not_sure_about_its_calibration() -> None:
    """Once it begins to use it: not proven, or measured with other fonts."""
    hasty = replace(
        LIMITS, kinds=(KindLimit(kind="prose", style=READ, is_proven=False, fingerprint="other"),)
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        PageOptions(calibration=hasty)
        assert not caught
        Binder(calibration=hasty)
    told = [str(one.message) for one in caught]
    assert [message.partition(":")[0] for message in told] == [
        "the style for prose with 'zai-org/Glyph' is not proven",
        "this calibration of 'zai-org/Glyph' was measured with other fonts or drawing libraries than those here, and "
        "pages may be read otherwise; run glyph-memory calibrate again on this machine",
    ]


def test_pages_of_a_memory_are_in_the_calibrated_style() -> None:
    """End to end: turns become pages of the letters that are read."""
    policy = replace(
        FoldPolicy.for_profile(ModelProfile.from_name("glyph")),
        seal_tokens=256,
        keep_recent_tokens=64,
        trigger_tokens=320,
    )
    turns = [
        Turn(role=role, text=f"{number}: the crate went to the third floor, and nobody signed for it. " * 8)
        for number in range(8)
        for role in ("user", "assistant")
    ]
    with GlyphMemory.open(":memory:", calibration=LIMITS, policy=policy) as memory:
        memory.extend(turns)
        seal = memory.fold().seals[0]
        kept = [turn for turn in memory.turns() if turn.anchor in seal.anchors]
    drawn = Binder(style=READ).pages(seal, kept)
    assert [page.digest for page in drawn] == [page.digest for page in seal.pages]
