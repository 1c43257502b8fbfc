"""Stop texts are found however the text is cut into pieces."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.readers.stops import StopTexts


@given(
    st.text("abEND", max_size=30),
    st.lists(st.sampled_from(["END", "ab", "bE", "NDa"]), max_size=3),
    st.lists(st.integers(0, 30), max_size=6),
)
def test_pieces_are_cut_where_the_whole_is(text: str, stops: list[str], cuts: list[int]) -> None:
    """What comes out is the text before the first stop text that is complete first, or all of it."""
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    cutter = StopTexts(stops)
    out = "".join(cutter.feed(text[start:stop]) for start, stop in pairwise(edges))
    out += cutter.close()
    found = [at for stop in stops if (at := text.find(stop)) >= 0]
    assert cutter.is_stopped == bool(found)
    assert text.startswith(out)
    assert (out == text) or (cutter.is_stopped and any(text.startswith(stop, len(out)) for stop in stops))
    if not found:
        assert out == text


def test_what_may_become_a_stop_text_is_held_back() -> None:
    """Until it is known: then it is passed on, or nothing more is."""
    cutter = StopTexts(["END"])
    assert [cutter.feed("EN"), cutter.feed("T"), cutter.feed("EN"), cutter.feed("D?"), cutter.feed("more")] == [
        "", "ENT", "", "", "",
    ]  # fmt: skip
    assert cutter.close() == ""
