"""One bundle of options, as a value or as keywords, everywhere."""

from __future__ import annotations

import warnings
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest

from glyph_memory import (
    Binder,
    Folding,
    FoldPolicy,
    GlyphMemory,
    GlyphMemoryWarning,
    ModelProfile,
    PageOptions,
    PageStyle,
    PolicyError,
    ProfileError,
    StyleError,
    Turn,
)

TALK = [Turn(role="user", text="The code for the gate is 4711-B.")]


def test_names_stand_for_values() -> None:
    """A model, a preset, a folder."""
    options = PageOptions(profile="qwen3-vl", style="dark", pages="folder")
    assert options.profile == ModelProfile.from_name("qwen3-vl")
    assert options.page_style == PageStyle.dark().with_snap_px(options.profile.snap_px)
    assert options.pages == Path("folder")
    assert options.fold_policy == FoldPolicy.for_profile(options.profile)


def test_a_named_style_follows_the_model_and_a_given_one_stays() -> None:
    """A name means the look; a value means every parameter of it."""
    named, given = PageOptions(style="dark"), PageOptions(style=PageStyle.dark())
    assert PageOptions.merge(named, {"profile": "qwen3-vl"}).page_style.snap_px == 32
    assert PageOptions.merge(given, {"profile": "qwen3-vl"}).page_style == PageStyle.dark()


def test_a_keyword_wins_over_the_bundle() -> None:
    """And leaves the other fields, and the bundle itself, as they were."""
    options = PageOptions(profile="qwen3-vl", captions="page")
    with GlyphMemory.open(options=options, style="code") as memory:
        assert memory.options == replace(options, style="code")
        assert memory.style == PageStyle.code().with_snap_px(32)
    assert options.style is None


def test_options_are_frozen_and_equal_ones_are_one_key() -> None:
    """They name what is shared."""
    assert len({PageOptions(style="dark"), PageOptions(style="dark"), PageOptions()}) == 2
    with pytest.raises(FrozenInstanceError):
        PageOptions().captions = "page"  # type: ignore[misc]  # which is the point


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"profile": "qwen9"}, ProfileError, r"no model profile 'qwen9'"),
        (
            {"profile": None},
            ProfileError,
            r"None is no model profile; give a ModelProfile, or a model's name",
        ),
        ({"style": "drak"}, StyleError, r"'drak'; there are glyph, auto, document, web, dark, code, pixel"),
        ({"style": 9}, StyleError, r"9 is no page style; give a PageStyle, or the name of a preset: glyph,"),
        ({"policy": "eager"}, PolicyError, r"'eager' is no policy; give a FoldPolicy"),
        ({"captions": "none"}, ValueError, r"captions='none' is neither 'text' nor 'page'"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(
    wrong: dict[str, Any], error: type[Exception], words: str
) -> None:
    """With the name of the field's value, and what would do."""
    with pytest.raises(error, match=words):
        PageOptions(**wrong)


@pytest.mark.parametrize("wrong", [{"stile": "dark"}, {"sesion": "a"}])
def test_a_misspelled_keyword_is_named_with_the_valid_ones(wrong: dict[str, Any]) -> None:
    """It would be lost silently among keywords that are passed on."""
    (name,) = wrong
    words = f"unexpected keyword '{name}'; page options are profile, style, policy, window_tokens, captions, pages"
    with pytest.raises(TypeError, match=words):
        GlyphMemory.open(**wrong)
    with pytest.raises(TypeError, match=words):
        Binder("glyph", **wrong)
    with pytest.raises(TypeError, match=words):
        Folding("glyph", turn_of=lambda turn: turn, key_of=hash, name_of=repr, **wrong)


@pytest.mark.parametrize("window", [2048, 4096, 8192, 16_384, 32_768, 131_072, 1_048_576])
def test_the_window_is_what_the_server_takes(window: int) -> None:
    """Whatever the model's own is; a policy for a larger one is narrowed, one for a smaller one stays."""
    options = PageOptions(window_tokens=window)
    exact = options.profile.text_counter.exact
    assert options.fold_policy.window_tokens == window - (0 if exact else window // 20)
    policy = FoldPolicy(window_tokens=16_384, unseen="pages")
    narrowed = PageOptions(policy=policy, window_tokens=window).fold_policy
    assert narrowed.window_tokens == min(window, 16_384)
    assert narrowed.unseen == "pages"
    with GlyphMemory.open(":memory:", window_tokens=window) as memory:
        assert memory.policy == options.fold_policy
    assert Binder(window_tokens=window).policy == options.fold_policy


def test_a_window_is_only_narrowed() -> None:
    """By `narrow_window`, which several hands may call; None and larger ones change nothing."""
    options = PageOptions(window_tokens=16_384)
    assert options.narrow_window(None) is options.narrow_window(20_000) is options
    assert options.narrow_window(8192).window_tokens == 8192
    given = PageOptions(policy=FoldPolicy(window_tokens=8192))
    assert given.narrow_window(9000) is given
    assert given.narrow_window(4096).fold_policy.window_tokens == 4096
    assert PageOptions.merge(options, {"window_tokens": None}).window_tokens is None


def test_a_limit_of_images_is_only_narrowed() -> None:
    """By `narrow_images`, beside a policy of its own and without one; one image leaves none for a page."""
    options = PageOptions(window_tokens=16_384)
    assert options.narrow_images(None) is options
    narrowed = options.narrow_images(20)
    assert narrowed.fold_policy.max_images == narrowed.profile.max_images == 20
    assert narrowed.narrow_images(30) is narrowed
    given = PageOptions(policy=FoldPolicy(window_tokens=8192)).narrow_images(9)
    assert (given.fold_policy.max_images, given.fold_policy.window_tokens) == (9, 8192)
    with pytest.raises(PolicyError, match="max_images=1 leaves none"):
        options.narrow_images(1)


@pytest.mark.parametrize("window", [0, -5, 300, "8k", 8.5, True])
def test_a_window_that_cannot_be_is_refused_at_once(window: object) -> None:
    """In a few words."""
    with pytest.raises(PolicyError, match="window_tokens=") as caught:
        PageOptions(window_tokens=window)  # type: ignore[arg-type]  # which is the point
    assert len(str(caught.value).split()) < 30


def test_a_policy_for_more_than_the_model_has_is_a_warning() -> None:
    """Unless it is said what the server takes."""
    policy = FoldPolicy(window_tokens=200_000)
    with pytest.warns(
        GlyphMemoryWarning, match=r"policy is for a window of 200,000 tokens, and 'glyph' has 131,072"
    ):
        Binder("glyph", policy=policy)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Binder("glyph", policy=policy, window_tokens=200_000).policy is policy
        Binder("glyph", policy=FoldPolicy(window_tokens=131_072))


def test_a_profile_given_twice_is_refused() -> None:
    """Nobody can tell which one is meant."""
    with pytest.raises(TypeError, match="the profile is given twice, 'glyph' and 'qwen3-vl'"):
        Binder("glyph", profile="qwen3-vl")
    with pytest.raises(TypeError, match=r"options=\{'style': 'dark'\} is no PageOptions"):
        Binder(options={"style": "dark"})  # type: ignore[arg-type]  # which is the point


def test_both_spellings_fold_alike(tmp_path: Path) -> None:
    """The same fingerprint, so the same seals and pages."""
    options = PageOptions(profile="qwen3-vl", style="dark", captions="page", pages=tmp_path)
    folding = Folding(options=options, turn_of=lambda turn: turn, key_of=hash, name_of=repr)
    spelled = Folding[Turn](
        "qwen3-vl", turn_of=lambda turn: turn, key_of=hash, name_of=repr, style="dark", captions="page"
    )
    prints = {folding.binder.fingerprint, spelled.binder.fingerprint, Binder(options=options).fingerprint}
    assert len(prints) == 1
    assert folding.fold(TALK).recent[0].message == TALK[0]


def test_page_files_go_to_the_options_folder(tmp_path: Path) -> None:
    """Of a memory, too, whose database lies elsewhere."""
    memory_pages, binder_pages = tmp_path / "memory", tmp_path / "binder"
    policy = replace(
        FoldPolicy.for_profile(ModelProfile.from_name("glyph")),
        seal_tokens=256,
        keep_recent_tokens=64,
        trigger_tokens=320,
    )
    turns = [
        Turn(role=role, text=f"{number}: the crate went to the third floor, and nobody signed for it. " * 8)
        for number in range(12)
        for role in ("user", "assistant")
    ]
    with GlyphMemory.open(tmp_path / "a.db", policy=policy, pages=memory_pages) as memory:
        memory.extend(turns)
        assert memory.fold().seals
        memory.context()
    assert [*memory_pages.glob("*.png")]
    assert not (tmp_path / "a.db.pages").exists()
    Binder("glyph", pages=binder_pages).cache.put("0" * 64, b"image")
    assert [*binder_pages.glob("*.png")]


def test_a_folder_for_pages_is_made_with_its_parents(tmp_path: Path) -> None:
    """Nobody has to make it first."""
    binder = Binder(pages=tmp_path / "a" / "b")
    binder.cache.put("0" * 64, b"an image")
    assert binder.cache.get("0" * 64) == b"an image"
