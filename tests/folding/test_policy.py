"""Policies: one for every model, and none that cannot work."""

from __future__ import annotations

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
    "ledger_share=nan is no share": {"ledger_share": float("nan")},
    "min_ratio=0.9 would pay for pages that save nothing; give 1 or more": {"min_ratio": 0.9},
    "min_ratio=nan would pay": {"min_ratio": float("nan")},
    "trigger_tokens=29 is below keep_recent_tokens=10 + seal_tokens=20: nothing could be sealed; "
    "raise trigger_tokens to 30 or more": {"trigger_tokens": 29},
    "max_run_tokens=19 is below seal_tokens=20; raise it to that": {"max_run_tokens": 19},
    "window_tokens=495 leaves 19 for pages, less than seal_tokens=20, beside output_tokens=100, tools_tokens=0, "
    "pinned_tokens=20, keep_recent_tokens=10 for a repeated request, and 90 for recent turns (trigger_tokens=50, "
    "max_run_tokens=60); lower those, or serve the model with a larger window": {"window_tokens": 495},
    "window_tokens=300 leaves 0 for pages": {"window_tokens": 300},
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


def test_a_window_too_small_for_any_policy_is_refused() -> None:
    """A thousand tokens hold no memory; two thousand do."""
    profile = ModelProfile.from_name("glyph")
    with pytest.raises(PolicyError, match=r"window_tokens=\d+ leaves \d+ for pages, .* with a larger window"):
        FoldPolicy.for_profile(replace(profile, window_tokens=1000))
    assert FoldPolicy.for_profile(replace(profile, window_tokens=2048)).seal_tokens == 64
