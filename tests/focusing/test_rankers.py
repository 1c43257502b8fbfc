"""Rankers score lines: by words, by vectors, or by both; what is no score is refused by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from glyph_memory import (
    Context,
    EmbeddingRanker,
    FusedRanker,
    LineRanker,
    PageStyle,
    PolicyError,
    SourceLine,
    WordRanker,
    focus,
    typeset,
)

LINES = [
    "the car is in the garage",
    "it rains in the mountains",
    "an automobile of the year 1962",
    "the garage is closed",
]
MEANINGS = {"car": 0, "automobile": 0, "vehicle": 0, "rains": 1, "garage": 2}


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return vectors by meaning: what a model would know."""
    rows = np.zeros((len(texts), 3), np.float32)
    for row, text in enumerate(texts):
        for word in text.split():
            if word in MEANINGS:
                rows[row, MEANINGS[word]] += 1
    return rows


class Fixed:
    """Gives the scores that it was given."""

    def __init__(self, *scores: float) -> None:
        self.scores = scores

    def score(self, lines: Sequence[str], question: str) -> Sequence[float]:
        """Return them."""
        return self.scores


def best_first(scores: Sequence[float]) -> list[int]:
    """Return the places of lines that have a bearing, best first."""
    return sorted(
        (place for place, score in enumerate(scores) if score > 0), key=lambda place: -scores[place]
    )


def test_words_rank_by_how_rare_they_are() -> None:
    """A word that all lines have tells nothing."""
    assert best_first(WordRanker(at_least=0.3).score(LINES, "the car in the garage")) == [0, 3]
    assert best_first(WordRanker(at_least=0).score(LINES, "the car in the garage")) == [0, 3, 1, 2]
    assert WordRanker().score(LINES, "vehicle") == [0, 0, 0, 0]
    assert WordRanker().score([], "vehicle") == []


def test_vectors_find_what_has_no_word_of_the_question() -> None:
    """Lines below the cosine have no bearing; an empty vector is like nothing."""
    ranker = EmbeddingRanker(embed)
    assert best_first(ranker.score(LINES, "vehicle")) == [2, 0]
    assert ranker.score(LINES, "unheard") == [0, 0, 0, 0]
    assert ranker.score(LINES, " ") == [0, 0, 0, 0]
    assert ranker.score([], "vehicle") == []
    assert best_first(EmbeddingRanker(embed, at_least=0.9).score(LINES, "vehicle")) == [2]


def test_fusion_goes_by_ranks_and_not_by_scores() -> None:
    """A known answer: 1/61 + 1/62 for a line that is first here and second there; equals have one rank."""
    scores = FusedRanker(Fixed(9_000, 2, 0, 2), Fixed(0.1, 0.2, 0, 0)).score(LINES, "x")
    assert scores == pytest.approx([1 / 61 + 1 / 62, 1 / 62 + 1 / 61, 0, 1 / 62])
    both = FusedRanker(WordRanker(), EmbeddingRanker(embed))
    assert set(best_first(both.score(LINES, "vehicle garage"))) == {0, 2, 3}


def test_a_ranker_of_ones_own_chooses_the_lines() -> None:
    """Anything with `score`."""
    context = Context.of("vehicle?", pages=typeset("\n".join(LINES), style=PageStyle.glyph()))
    source = [SourceLine(text=line) for line in LINES]
    rankers: dict[str, LineRanker] = {
        "an automobile of the year 1962": EmbeddingRanker(embed, at_least=0.9),
        "it rains in the mountains": Fixed(0, 1, 0, 0),
    }
    for line, ranker in rankers.items():
        found = focus(context, "vehicle", source=source, budget_tokens=200, ranker=ranker)
        assert line in [one.text for one in found.lines if one.score]
    assert not focus(context, "vehicle", source=source, budget_tokens=200).lines


@pytest.mark.parametrize(
    ("ranker", "said"),
    [
        (Fixed(1, 2), "Fixed gave 2 scores for 4 lines"),
        (Fixed(1, 2, 3, float("nan")), "no number: nan"),
        (Fixed(1, 2, 3, "x"), "no number: could not convert"),  # type: ignore[arg-type]  # which is the point
        (EmbeddingRanker(lambda texts: np.ones((2, 3))), r"shape \(2, 3\) for 5 texts"),
        (EmbeddingRanker(lambda texts: np.full((5, 3), np.inf)), "one row of finite numbers"),
    ],
)
def test_a_ranker_that_errs_is_named(ranker: LineRanker, said: str) -> None:
    """Before anything is chosen by it."""
    with pytest.raises(PolicyError, match=said):
        FusedRanker(ranker).score(LINES, "garage")


def test_what_is_no_ranker_is_refused(tmp_path: Path) -> None:
    """In a line, with what to give instead."""
    with pytest.raises(PolicyError, match="no rankers to join"):
        FusedRanker()
    with pytest.raises(PolicyError, match="is no ranker"):
        FusedRanker(WordRanker)  # type: ignore[arg-type]  # a class
    with pytest.raises(PolicyError, match="embed='minilm' cannot be called"):
        EmbeddingRanker("minilm")  # type: ignore[arg-type]  # a name
    with pytest.raises(PolicyError, match="at_least=2 is above 1"):
        WordRanker(at_least=2)
    with pytest.raises(PolicyError, match="no folder"):
        EmbeddingRanker.from_model2vec(tmp_path / "none")


def test_a_static_model_of_model2vec_ranks(tmp_path: Path) -> None:
    """A tiny one, made here; nothing is downloaded."""
    model2vec = pytest.importorskip("model2vec", reason="an extra")
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["[UNK]", "[PAD]", *MEANINGS]
    tokenizer = Tokenizer(
        models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]")  # noqa: S106
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    vectors = np.zeros((len(words), 3), np.float32)
    vectors[:2] = 1e-4
    for place, word in enumerate(words[2:], 2):
        vectors[place, MEANINGS[word]] = 1
    model2vec.StaticModel(vectors, tokenizer).save_pretrained(str(tmp_path / "model"))
    ranker = EmbeddingRanker.from_model2vec(tmp_path / "model")
    assert best_first(ranker.score(LINES, "vehicle")) == [2, 0]
    (tmp_path / "broken").mkdir()
    with pytest.raises(PolicyError, match="model2vec cannot read"):
        EmbeddingRanker.from_model2vec(tmp_path / "broken")
