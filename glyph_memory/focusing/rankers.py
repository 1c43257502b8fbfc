"""How well lines fit a question: by their words (BM25), by what an embedding model makes of them, or by both.

Knows lines as texts; knows nothing about turns, pages or budgets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from glyph_memory.checks import check_number
from glyph_memory.errors import PolicyError, show_value
from glyph_memory.search import search

_FUSION = 60
"""The constant of reciprocal rank fusion: Cormack, Clarke and Büttcher, SIGIR 2009."""


@runtime_checkable
class LineRanker(Protocol):
    """Whatever scores lines for a question. Safe to share among threads, if several ask.

    Example:
        >>> isinstance(WordRanker(), LineRanker)
        True
    """

    def score(self, lines: Sequence[str], question: str) -> Sequence[float]:
        """Return a score for each line: the higher, the better it fits; 0 where it has no bearing on the question.

        Args:
            lines: The lines, and the pieces of long ones.
            question: What is asked.
        """


class WordRanker:
    """Scores lines by the words that they share with a question (BM25): rare words count most, case and width nothing.

    Args:
        at_least: Which share of the best line's score a line has to have, else it has no bearing.

    Raises:
        PolicyError: The share is no number from 0 to 1.

    Example:
        >>> [score > 0 for score in WordRanker().score(["The gate is 4711-B.", "It rained."], "Which gate?")]
        [True, False]
    """

    def __init__(self, *, at_least: float = 0.2) -> None:
        check_number("at_least", at_least, PolicyError, at_most=1)
        self._at_least = at_least

    def score(self, lines: Sequence[str], question: str) -> list[float]:
        """Return BM25 scores; see `LineRanker.score`."""
        scores = [0.0] * len(lines)
        found = search(lines, question, k=len(lines))
        for place, score in found:
            if score >= self._at_least * found[0][1]:
                scores[place] = score
        return scores


class EmbeddingRanker:
    """Scores lines by how alike a model makes them and a question: the cosine of their vectors.

    Args:
        embed: Returns a row for each text, as the `encode` of model2vec and sentence-transformers does.
        at_least: The cosine below which a line has no bearing.

    Raises:
        PolicyError: `embed` cannot be called, or the cosine is no number from 0 to 1.
    """

    def __init__(self, embed: Callable[[Sequence[str]], Any], *, at_least: float = 0.3) -> None:
        if not callable(embed):
            raise PolicyError(
                f"embed={show_value(embed)} cannot be called; give a function from texts to rows of numbers"
            )
        check_number("at_least", at_least, PolicyError, at_most=1)
        self._embed, self._at_least = embed, at_least

    @classmethod
    def from_model2vec(cls, path: str | Path, *, at_least: float = 0.3) -> EmbeddingRanker:
        """Return a ranker over a static model of model2vec, `pip install 'glyph-memory[focus]'`.

        Args:
            path: A folder that model2vec saved. Nothing is downloaded.
            at_least: The cosine below which a line has no bearing.

        Raises:
            PolicyError: model2vec is not installed, or cannot read the folder.
        """
        if not Path(path).is_dir():
            raise PolicyError(
                f"no folder {str(path)!r} with a model of model2vec; download one, and give its path"
            )
        try:
            from model2vec import StaticModel  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise PolicyError("model2vec is not installed; run: pip install 'glyph-memory[focus]'") from error
        try:
            model = StaticModel.from_pretrained(str(path))
        except Exception as error:  # its readers raise what they like
            raise PolicyError(f"model2vec cannot read {str(path)!r}: {error}") from error
        return cls(lambda texts: model.encode(list(texts)), at_least=at_least)

    def score(self, lines: Sequence[str], question: str) -> list[float]:
        """Return cosines; see `LineRanker.score`."""
        if not lines or not question.strip():
            return [0.0] * len(lines)
        import numpy as np  # noqa: PLC0415 - who ranks by words alone needs none

        rows = np.asarray(self._embed([question, *lines]), dtype=np.float64)
        if rows.ndim != 2 or len(rows) != len(lines) + 1 or not np.isfinite(rows).all():
            raise PolicyError(
                f"embed gave an array of shape {rows.shape} for {len(lines) + 1} texts; give one row of finite numbers "
                "for each text"
            )
        lengths = np.linalg.norm(rows, axis=1)
        rows = rows / np.where(lengths > 0, lengths, 1.0)[:, None]
        cosines: list[float] = (rows[1:] @ rows[0]).tolist()
        return [cosine if cosine >= self._at_least and cosine > 0 else 0.0 for cosine in cosines]


class FusedRanker:
    """Joins rankers by the ranks that they give, not by their scores (reciprocal rank fusion).

    Args:
        rankers: Two or more, such as `WordRanker()` and an `EmbeddingRanker`.

    Raises:
        PolicyError: There is none, or something is no ranker.

    Example:
        >>> FusedRanker(WordRanker(), WordRanker()).score(["gate 4711", "rain", "gate"], "gate 4711")[1]
        0.0
    """

    def __init__(self, *rankers: LineRanker) -> None:
        if not rankers:
            raise PolicyError("no rankers to join; give two or more, such as WordRanker()")
        self._rankers = tuple(map(check_ranker, rankers))

    def score(self, lines: Sequence[str], question: str) -> list[float]:
        """Return the sums of reciprocal ranks; see `LineRanker.score`."""
        sums = [0.0] * len(lines)
        for ranker in self._rankers:
            scores = score_lines(ranker, lines, question)
            best_first = sorted((score for score in scores if score > 0), reverse=True)
            ranks = dict[float, int]()
            for rank, score in enumerate(best_first, 1):
                ranks.setdefault(score, rank)  # equals have one rank
            for place, score in enumerate(scores):
                sums[place] += 1 / (_FUSION + ranks[score]) if score > 0 else 0.0
        return sums


def check_ranker(ranker: LineRanker) -> LineRanker:
    """Return a ranker; raise an error for what is none.

    Raises:
        PolicyError: It has no `score`.
    """
    if isinstance(ranker, type) or not isinstance(ranker, LineRanker):
        raise PolicyError(f"ranker={show_value(ranker)} is no ranker; give one such as WordRanker()")
    return ranker


def score_lines(ranker: LineRanker, lines: Sequence[str], question: str) -> list[float]:
    """Return what a ranker says of lines.

    Raises:
        PolicyError: It gave another number of scores, or something that is no number.
    """
    scores = list(ranker.score(lines, question))
    if len(scores) != len(lines):
        raise PolicyError(
            f"the ranker {type(ranker).__name__} gave {len(scores):,} scores for {len(lines):,} lines; give one each"
        )
    try:
        numbers = [float(score) for score in scores]
    except (TypeError, ValueError) as error:
        raise PolicyError(
            f"the ranker {type(ranker).__name__} gave a score that is no number: {error}"
        ) from error
    if any(number != number for number in numbers):  # noqa: PLR0124 - only NaN is not itself
        raise PolicyError(f"the ranker {type(ranker).__name__} gave a score that is no number: nan")
    return numbers
