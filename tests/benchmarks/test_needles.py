"""Haystacks: as many pages as asked for, each needle on one of them, its answer in its fact and not in its question."""

from __future__ import annotations

from glyph_memory import PageStyle
from lib.needles import haystack


def test_every_needle_stands_on_the_pages_once() -> None:
    """What is asked for can be found, and in one place."""
    hay = haystack(3, 20, seed=1, style=PageStyle.glyph())
    text = "".join(page.text for page in hay.pages)
    assert len(hay.pages) == 3
    assert len(hay.needles) > 10
    assert {needle.kind for needle in hay.needles} == {"number", "key", "value", "uuid"}
    for needle in hay.needles:
        assert text.count(needle.fact) == 1
        assert needle.answer in needle.fact
        assert needle.answer not in needle.question


def test_a_haystack_is_always_the_same() -> None:
    """Another seed makes another one."""
    one, again, other = (haystack(1, 5, seed=seed, style=PageStyle.glyph()) for seed in (1, 1, 2))
    assert one.needles == again.needles
    assert one.pages == again.pages
    assert one.needles != other.needles
