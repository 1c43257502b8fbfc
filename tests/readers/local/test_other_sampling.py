"""`TransformersReader.with_sampling`: other sampling for one call, and one model for all of them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import pytest

from glyph_memory import Context, ReaderRefused, ReaderUnavailable, TransformersReader, with_sampling

ASKED = Context.of("When did it start? " * 10, pages=[])


def test_it_shares_the_model_and_what_was_read(tiny_model: Callable[[], Path]) -> None:
    """Its answer is the one that a reader made with that sampling gives; what the other had read is known."""
    folder = tiny_model()
    with TransformersReader(folder, device="cpu", max_tokens=12) as reader:
        first = reader.read(ASKED)
        shorter = with_sampling(reader, max_tokens=5).read(ASKED)
        assert (first.usage.completion_tokens, shorter.usage.completion_tokens) == (12, 5)
        assert shorter.usage.cached_tokens == (shorter.usage.prompt_tokens or 0) - 1
        assert reader.read(ASKED).text == first.text
        drawn = reader.with_sampling(temperature=1.0, seed=3).read(ASKED).text
        stopped = reader.with_sampling(stop=first.text[2]).read(ASKED)
        assert (stopped.text, stopped.finish_reason) == (first.text.partition(first.text[2])[0], "stop")
    with TransformersReader(folder, device="cpu", max_tokens=12, temperature=1.0, seed=3) as other:
        assert other.read(ASKED).text == drawn != first.text


def test_what_cannot_work_is_refused(tiny_model: Callable[[], Path]) -> None:
    """Before anything is asked."""
    with (
        TransformersReader(tiny_model(), device="cpu") as reader,
        pytest.raises(ReaderRefused, match="max_tokens=0"),
    ):
        reader.with_sampling(max_tokens=0)


def test_they_live_and_end_together(tiny_model: Callable[[], Path]) -> None:
    """The model stays as long as any of them is there; whoever closes it closes it for all."""
    other = TransformersReader(tiny_model(), device="cpu", max_tokens=3).with_sampling(max_tokens=4)
    gc.collect()
    assert other.read(ASKED).usage.completion_tokens == 4
    third = other.with_sampling(max_tokens=5)
    other.close()
    with pytest.raises(ReaderUnavailable, match="is closed"):
        third.read(ASKED)
