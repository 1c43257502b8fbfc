"""Policies: one for every model, and none that cannot work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace

import pytest

from glyph_memory.errors import PolicyError
from glyph_memory.folding import FoldPolicy
from glyph_memory.tokens import ModelProfile
from tests.folding.fakes import SMALL, WordCosts, assistant, one_by_one, user

WRONG = {
    "window_tokens=0 is below 1; give 1 or more": {"window_tokens": 0},
    "output_tokens=-1 is below 0; give 0 or more": {"output_tokens": -1},
    "seal_tokens=0 is below 1; give 1 or more": {"seal_tokens": 0},
    "max_request_bytes=-5 is below 0; give 0 or more": {"max_request_bytes": -5},
    "max_images=1 leaves none for a page beside a recent turn's own; have the server take 2 or more": {
        "max_images": 1
    },
    "ledger_share=1.5 is no share; give 0 or more, and less than 1": {"ledger_share": 1.5},
    "ledger_share=nan is no finite number": {"ledger_share": float("nan")},
    "min_ratio=0.9 would pay for pages that save nothing; give 1 or more": {"min_ratio": 0.9},
    "min_ratio=nan is no finite number": {"min_ratio": float("nan")},
    "trigger_tokens=29 is below keep_recent_tokens=10 + seal_tokens=20: nothing could be sealed; "
    "raise trigger_tokens to 30 or more": {"trigger_tokens": 29},
    "max_run_tokens=19 is below seal_tokens=20; raise it to that": {"max_run_tokens": 19},
    "window_tokens=495 is too small for a memory; serve the model with 1,024 tokens or more": {"window_tokens": 495},
    "window_tokens=2000 leaves 10 tokens for pages beside output_tokens=1614 and max_run_tokens=60; lower those": {
        "window_tokens": 2000, "output_tokens": 1614,
    },
}  # fmt: skip


@pytest.mark.parametrize(("message", "dials"), WRONG.items())
def test_a_policy_that_cannot_work_is_refused_with_the_dial_and_what_to_do(
    message: str, dials: dict[str, int | float]
) -> None:
    """In one line; callers catch it as a PolicyError or a ValueError."""
    with pytest.raises(PolicyError) as caught:
        FoldPolicy(**{**asdict(SMALL), **dials})
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_what_just_works_is_taken() -> None:
    """At each of the borders above."""
    assert replace(SMALL, window_tokens=496).seal_budget_tokens(head_tokens=0) == SMALL.seal_tokens
    assert (
        replace(SMALL, trigger_tokens=30, max_run_tokens=20, min_ratio=1, ledger_share=0).max_images is None
    )
    assert replace(SMALL, max_images=2, max_request_px=0, max_request_bytes=0).max_images == 2


@pytest.mark.parametrize("name", ModelProfile.names())
def test_every_known_model_has_a_policy(name: str) -> None:
    """Pages may take half of what the window has for a prompt, at the least, and the model's limits are kept."""
    profile = ModelProfile.from_name(name)
    policy = FoldPolicy.for_profile(profile)
    assert policy.window_tokens <= profile.window_tokens
    assert 2 * policy.seal_budget_tokens(head_tokens=0) >= policy.prompt_tokens
    limits = (policy.max_images, policy.max_request_px, policy.max_request_bytes)
    assert limits == (profile.max_images, profile.max_request_px, profile.max_request_bytes)


@pytest.mark.parametrize("name", ModelProfile.names())
def test_every_known_models_policy_folds(name: str) -> None:
    """Three times what may stay text, said in turns of a hundredth of it."""
    policy = FoldPolicy.for_profile(ModelProfile.from_name(name))
    size = policy.trigger_tokens // 100 + 1
    talk = [user(size) if place % 2 else assistant(size) for place in range(300)]
    folded = one_by_one(talk, policy=policy, costs=WordCosts(page_words=1800, page_tokens=600))
    assert len(folded.visible_seals) == len(folded.seals) >= 2
    assert policy.keep_recent_tokens <= folded.tail_tokens <= policy.tail_tokens


WINDOWS = (1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072, 262_144, 1_048_576)


@pytest.mark.parametrize("window", WINDOWS)
def test_a_window_alone_makes_a_policy(window: int) -> None:
    """Dials that are not given fit it, in the proportions of `for_profile`; pages get a third of it at the least."""
    policy = FoldPolicy(window_tokens=window)
    assert policy.seal_budget_tokens(head_tokens=0) >= window / 3
    profile = replace(ModelProfile.from_name("gpt-4o"), window_tokens=window)
    fitted = FoldPolicy.for_profile(profile)
    assert asdict(replace(fitted, max_images=None, max_request_bytes=None, window_tokens=window)) == asdict(
        policy
    )


def test_dials_that_are_given_are_kept_and_the_others_follow() -> None:
    """A long recent text moves the trigger; what contradicts is still refused."""
    policy = FoldPolicy(window_tokens=32_768, keep_recent_tokens=3000)
    assert (policy.keep_recent_tokens, policy.seal_tokens, policy.trigger_tokens) == (3000, 1024, 5120)
    assert FoldPolicy(window_tokens=32_768, tools_tokens=0).tools_tokens == 0
    assert FoldPolicy(window_tokens=32_768, seal_tokens=6000).max_run_tokens == 6000


@pytest.mark.parametrize("name", ModelProfile.names())
@pytest.mark.parametrize("window", WINDOWS)
def test_every_model_folds_in_every_window(name: str, window: int) -> None:
    """By its profile in that window, and by its own policy narrowed or widened to it; nothing exceeds the prompt."""
    profile = ModelProfile.from_name(name)
    own = FoldPolicy.for_profile(profile)
    for policy in (FoldPolicy.for_profile(replace(profile, window_tokens=window)), own.with_window(window)):
        assert policy.window_tokens <= window
        page = profile.image_tokens((588, 840))
        size = policy.trigger_tokens // 20 + 1
        talk = [user(size) if place % 2 else assistant(size) for place in range(200)]
        folded = one_by_one(talk, policy=policy, costs=WordCosts(page_words=3 * page, page_tokens=page))
        shown = sum(seal.tokens for seal in folded.visible_seals) + folded.tail_tokens
        assert shown <= policy.prompt_tokens


def test_with_window_narrows_only_what_no_longer_fits() -> None:
    """Pages keep half of the window, or the share that they had; a larger window changes nothing else."""
    policy = FoldPolicy(window_tokens=32_768)
    assert policy.with_window(30_000) == replace(policy, window_tokens=30_000)
    assert policy.with_window(100_000) == replace(policy, window_tokens=100_000)
    assert policy.with_window(32_768) is policy
    small = policy.with_window(8192)
    assert (small.keep_recent_tokens, small.output_tokens, small.trigger_tokens) == (256, 1024, 1280)
    assert small.seal_budget_tokens(head_tokens=0) >= 4096
    kept = replace(policy, max_images=7, unseen="pages", min_ratio=2.0, ledger_share=0).with_window(4096)
    assert (kept.max_images, kept.unseen, kept.min_ratio, kept.ledger_share) == (7, "pages", 2.0, 0)


def test_a_window_too_small_for_any_policy_is_refused_in_a_few_words() -> None:
    """In one line that a person reads at once, whoever asks."""
    profile = replace(ModelProfile.from_name("glyph"), window_tokens=400)
    makes: list[Callable[[], FoldPolicy]] = [
        lambda: FoldPolicy(window_tokens=400),
        lambda: FoldPolicy(window_tokens=400, trigger_tokens=900),
        lambda: FoldPolicy.for_profile(profile),
        lambda: FoldPolicy(window_tokens=32_768).with_window(400),
    ]
    for make in makes:
        with pytest.raises(PolicyError, match="window_tokens=400 is too small for a memory") as caught:
            make()
        assert len(str(caught.value).split()) < 30


def test_glyphs_own_policy_is_as_it_was() -> None:
    """Seals that are stored know the policy that made them: its dials do not change by chance."""
    policy = FoldPolicy.for_profile(ModelProfile.from_name("glyph"))
    dials = (policy.output_tokens, policy.tools_tokens, policy.keep_recent_tokens, policy.seal_tokens)
    assert dials == (8192, 4096, 4096, 4096)
    assert (policy.max_run_tokens, policy.pinned_tokens) == (16_384, 4096)
