"""What an answer is worth beside its published score: correct, abstained or silently wrong.

Knows scores and answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from glyph_memory.evaluate.tasks.benchmarks.words import has_words
from glyph_memory.evaluate.tasks.sample import Judgement, is_abstention, judge_found

HALF = 0.5
"""The published score from which an answer is correct, unless a benchmark's own line is drawn elsewhere: the line is
ours, no benchmark with a score of words draws one."""
SUMMARY = 0.2
"""The same for summaries: what published models come to. Look at the score rather than at who is beyond it."""


def judge_scored(score: float, answer: str, *, needed: float = HALF, is_told: bool = True) -> Judgement:
    """Return the judgement of an answer with its published score.

    Args:
        score: By the published scorer.
        answer: The answer.
        needed: The score from which it is correct.
        is_told: Whether the text tells; if not, only who says so is correct, whatever the score.

    Example:
        >>> judge_scored(0.4, "It is not stated.")
        Judgement(outcome='abstained', score=0.4)
    """
    return replace(judge_found(score, answer, needed=needed, is_told=is_told), score=score)


def judge_words(
    score: float, answer: str, *, words: Sequence[str], right: Iterable[Sequence[str]], is_told: bool = True
) -> Judgement:
    """Return the judgement of an answer that F1 scores: correct as well where it has a right answer's words in a row.

    F1 falls with every word that is said round the right ones, and a long answer that is right is not silently wrong.

    Args:
        score: By the published scorer.
        answer: The answer.
        words: Its words.
        right: The words of each right answer.
        is_told: Whether the text tells; if not, only who says so is correct, whatever the score.

    Example:
        >>> judge_words(0.4, "It is in Oslo.", words=["it", "is", "in", "oslo"], right=[["oslo"]])
        Judgement(outcome='correct', score=0.4)
    """
    has_any = not is_abstention(answer) and any(has_words(words, one) for one in right)
    return replace(judge_scored(max(score, float(has_any)), answer, is_told=is_told), score=score)
