"""A large turn is stored in pieces, and what is stored of it is what the whole says."""

from __future__ import annotations

import base64
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory.ledger import find_identifiers, iter_identifiers
from glyph_memory.search import terms
from glyph_memory.search.terms import join_words, words
from glyph_memory.store import Store, append
from glyph_memory.tokens import estimate
from glyph_memory.tokens.estimate import EstimateCounter
from glyph_memory.transcript import Turn

DICE = random.Random(1)
LARGE = {
    "ids": " ".join(f"{DICE.getrandbits(64):016x}" for _ in range(9_000)),
    "mixed": "\n".join(f"/srv/app{n % 7}/mod_{n}.py:{n} took {n}.{n % 9} s, ﬁle §{n}" for n in range(4_000)),
    "line": "abc9" * 50_000,
    "base64": base64.b64encode(DICE.randbytes(150_000)).decode(),
    "chinese": "".join(chr(DICE.randrange(0x4E00, 0x9000)) if n % 9 else "，" for n in range(150_000)),
    "thai": "ภาษาไทย" * 20_000,
    "marks": "e\u0301 a\u0308\u0323" * 20_000,
}


@pytest.mark.parametrize("kind", LARGE)
def test_the_words_of_pieces_are_those_of_the_whole(kind: str) -> None:
    """Case, width, accents and words that are too long included."""
    whole = words(LARGE[kind])
    assert join_words(LARGE[kind]) == (" ".join(whole), len(whole))


@settings(deadline=None)
@given(
    text=st.text(alphabet=st.sampled_from("aZ9 \n-ßﬁİςeé\u0301\u0323ก東京가ﾊﾟ\ud800")), piece=st.integers(1, 9)
)
def test_wherever_a_text_is_cut_its_words_are_the_same(text: str, piece: int) -> None:
    """Pieces of a few characters, and words of three at the most."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terms, "_PIECE", piece)
        patch.setattr(terms, "_LONGEST", 3)
        whole = words(text)
        assert join_words(text) == (" ".join(whole), len(whole))


@pytest.mark.parametrize("kind", ["ids", "mixed", "chinese"])
def test_an_estimate_of_pieces_is_that_of_the_whole(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are seams; what has none is cut anywhere, which may add a token."""
    monkeypatch.setattr(estimate, "CHUNK", 1_000)
    pieces = EstimateCounter().count(LARGE[kind])
    monkeypatch.setattr(estimate, "CHUNK", 10**9)
    assert pieces == EstimateCounter().count(LARGE[kind])


def test_identifiers_come_in_batches_whose_counts_add_up() -> None:
    """Each once in a batch, in order; with room for all of them there is one batch."""
    text = "ORD-482913-K cafe0123 ORD-482913-K beef4567 cafe0123 ORD-482913-K"
    batches = [[(one.text, one.count) for one in some] for some in iter_identifiers(text, at_most=2)]
    assert batches == [
        [("ORD-482913-K", 2), ("cafe0123", 1)],
        [("beef4567", 1), ("cafe0123", 1)],
        [("ORD-482913-K", 1)],
    ]
    (whole,) = iter_identifiers(text, at_most=3)
    assert tuple(whole) == find_identifiers(text)


def test_what_is_known_of_an_identifier_does_not_depend_on_the_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Counts, anchors, order and occurrences."""
    text = LARGE["mixed"][:20_000] + " cafe0123 " + LARGE["mixed"][:20_000]
    known = []
    for at_once in (100, 2**15):
        monkeypatch.setattr(append, "_IDENTIFIERS_AT_ONCE", at_once)
        with Store.open(":memory:") as store:
            session = store.session("chat")
            session.append([Turn(role="tool", text=text), Turn(role="user", text="cafe0123?")])
            known.append((session.identifiers(limit=10_000), session.occurrences(["cafe0123"], upto=9)))
    assert known[0] == known[1]
    assert known[0][0][0].anchors == (1, 2)


def test_rows_are_inserted_some_at_a_time() -> None:
    """By their number, and by the size of their largest column."""
    rows: list[append.Row] = [{"text": "x" * n} for n in (1, 1, 3, 1)]
    many: list[append.Row] = [{"text": ""}] * (append._ROWS_AT_ONCE + 1)
    assert [len(some) for some in append._batch(iter(many), "text")] == [append._ROWS_AT_ONCE, 1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(append, "_BYTES_AT_ONCE", 4)
        assert [len(some) for some in append._batch(iter(rows), "text")] == [3, 1]
