"""What the CPU makes of a text is the same in turn and overlapped, and its tokens are those that the profile counts."""

from __future__ import annotations

import numpy as np
import pytest

from glyph_memory import PageStyle
from lib import page_feed
from lib.page_feed import PROFILE, STEPS, Feed, count_prompt_tokens, make_styles
from lib.real_text import Texts

_TEXT = "".join(f"Line {number} of a text that fills some pages.\n" for number in range(300))


def test_both_ways_make_the_same_pages_in_the_same_order() -> None:
    """The last one is smaller, so that their order shows."""
    feed, style = Feed(), make_styles()["default"]
    fed = feed.make_serially(_TEXT, style)
    overlapped = list(feed.iter_overlapped(_TEXT, style, workers=3))
    assert [page.grid for page in overlapped] == [page.grid for page in fed.pixels]
    assert all(map(np.array_equal, (one.patches for one in overlapped), (one.patches for one in fed.pixels)))
    assert fed.pixels[0].grid != fed.pixels[-1].grid
    assert tuple(fed.seconds) == STEPS


def test_tokens_are_the_profiles() -> None:
    """Counted from what the processor made, and from the sizes of pages."""
    fed = Feed().make_serially(_TEXT, make_styles()["dense"])
    sizes = [(14 * page.grid[2], 14 * page.grid[1]) for page in fed.pixels]
    assert count_prompt_tokens(fed.pixels) == PROFILE.pages_tokens(sizes)


def test_what_goes_wrong_in_a_thread_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for pages that never come."""

    def fail(*_: object, style: PageStyle) -> None:
        raise RuntimeError("no page")

    monkeypatch.setattr(page_feed, "iter_pages", fail)
    with pytest.raises(RuntimeError, match="no page"):
        list(Feed().iter_overlapped(_TEXT, make_styles()["default"], workers=2))


@pytest.mark.parametrize("name", ["as written", "paragraphs"])
def test_texts_have_exactly_the_tokens_that_were_asked_for(name: str) -> None:
    """A longer one begins as the shorter does, and behind its end the text begins again."""
    texts = Texts()
    short, long = texts.cut(name, 1000), texts.cut(name, 150_000)
    assert (len(short.ids), len(long.ids)) == (1000, 150_000)
    assert long.ids[:1000] == short.ids
    assert long.text.startswith(short.text[:-1])
    assert long.text.count(short.text[:200]) > 1
    assert abs(len(texts.encode(short.text)) - 1000) <= 2
