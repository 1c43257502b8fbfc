"""Names of models are whatever clients write."""

from __future__ import annotations

import asyncio
import gc

import pytest

from glyph_memory.serve import ServeOptions, Upstream
from glyph_memory.serve.dialects.units import read_model
from glyph_memory.serve.proxy.prepare import parse_body
from glyph_memory.serve.upstreams import Target, Upstreams
from glyph_memory.testing import FakeVLMServer


@pytest.mark.parametrize(
    ("written", "read"),
    [('"glyph"', "glyph"), ('"a\\ud800"', "a?"), ('"\\u00e9"', "é"), ("5", None), ("[]", None)],
)
def test_a_name_is_a_text(written: str, read: str | None) -> None:
    """Or there is none; half a character is none."""
    assert parse_body(f'{{"model": {written}}}'.encode()).model == read


def test_of_a_very_long_name_the_beginning_counts() -> None:
    """It would stand in every line of the log, and in what is kept of a conversation."""
    assert len(read_model({"model": "m" * 1_000_000}) or "") == 500
    assert read_model({"model": "m" * 500}) == "m" * 500


def test_any_number_of_names_takes_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known of them is forgotten, the ones not asked for first."""
    monkeypatch.setattr("glyph_memory.serve.upstreams._REMEMBERED", 4)

    def count() -> int:
        gc.collect()
        return sum(isinstance(one, Target) for one in gc.get_objects())

    async def ask(url: str) -> int:
        before = count()
        upstreams = Upstreams(ServeOptions(upstreams=(Upstream(url=url),)))
        for number in range(12):
            target = await upstreams.find(f"model {number}")
            upstreams.learn_text_only(target, f"model {number}", "no images")
        return count() - before

    with FakeVLMServer() as fake:
        assert asyncio.run(ask(fake.base_url)) <= 5
