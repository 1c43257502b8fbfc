"""Rewards for answers that can be checked against the right one.

"Not stated" is an answer like others: right where the sample's own says so, and none where it does not. A reward is
harder to please than an evaluation: a model that is trained on it finds every way round, such as an answer that names
everything, or one that says "not stated" and a guess.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from typing import Literal, get_args

from glyph_memory.checks import check_number
from glyph_memory.errors import show_value
from glyph_memory.evaluate.normalize import normalize_text
from glyph_memory.evaluate.tasks import is_abstention
from glyph_memory.evaluate.tasks.benchmarks.words import compare_words, split_words
from glyph_memory.training.rewards.completion import drop_citations, parse_completion
from glyph_memory.training.rewards.reward import Reward
from glyph_memory.training.samples import TrainingError, TrainingSample

HowCompared = Literal["exact", "contained", "f1"]
"""How an answer is compared with the right one; see `AnswerReward`."""

_ASKED = frozenset({"question", "conversation"})
_ENDS = string.punctuation + string.whitespace + "。，；：！？、“”‘’«»"
_BESIDE = 200
"""Characters that may stand beside the right ones: a sentence may, a page that holds every answer may not."""
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")


class AnswerReward(Reward):
    """1 for a right answer, 0 for a wrong one, whatever was thought before it.

    Example:
        >>> from glyph_memory.training import ImageSlot, SampleMessage, TrainingSample
        >>> asked = (SampleMessage(role="user", parts=(ImageSlot(0), "What is the key?")),)
        >>> sample = TrainingSample(family="question", prompt=asked, images=(b"PNG",), answer="K-4417")
        >>> AnswerReward().score(sample, "<think>Page 2.</think>k-4417.")
        1.0
        >>> AnswerReward("contained").score(sample, "The key is K-4417 §3.")
        1.0
        >>> AnswerReward("f1").score(sample, "The key: K-4417.")
        0.6666666666666666
    """

    def __init__(self, how: HowCompared = "exact", *, abstained: float = 0.0, name: str = "") -> None:
        """Choose how answers are compared.

        Args:
            how: "exact": equal after `normalize_answer`. "contained": the right one stands in it, not as a part of a
                longer word, with at most 200 characters beside it. "f1": the harmonic mean of how many words are
                right and how many of the right ones are there, as SQuAD has it; of ideographs, each is a word.
            abstained: What it is worth to say "not stated" where the pages do tell. Above 0 it is better than a wrong
                answer, which is what a memory should prefer; too much, and the model never tries.
            name: Another name; the way of comparing unless given.

        Raises:
            TrainingError: There is no such way, or `abstained` is not from 0 to 1.
        """
        if how not in get_args(HowCompared):
            raise TrainingError(
                f"how={show_value(how)} is no way to compare; use 'exact', 'contained' or 'f1'"
            )
        check_number("abstained", abstained, TrainingError, at_most=1.0)
        self.name = name or how
        self._how = how
        self._abstained = abstained

    def fits(self, sample: TrainingSample) -> bool:
        """Return whether something is asked, and has an answer."""
        return sample.family in _ASKED

    def score(self, sample: TrainingSample, text: str) -> float:
        """Return what an answer is worth, 0 to 1; the best of the right ones where `details["answers"]` has several."""
        answer = parse_completion(text).answer
        compare = {"exact": _is_equal, "contained": _is_contained, "f1": _score_f1}[self._how]
        return _score(sample, answer, compare=compare, abstained=self._abstained)


class ScorerReward(Reward):
    """What a scorer of evaluation says of an answer, such as `match_all` of `glyph_memory.evaluate.tasks`.

    Example:
        >>> from glyph_memory.evaluate.tasks import match_all
        >>> ScorerReward(match_all).name
        'match_all'
    """

    def __init__(self, scorer: Callable[[str, Sequence[str]], float], *, name: str = "") -> None:
        """Take a scorer.

        Args:
            scorer: Takes an answer and what is right, and returns 0 to 1.
            name: Its name in logs; the function's unless given.
        """
        self._scorer = scorer
        self.name = name or getattr(scorer, "__name__", "scorer")

    def fits(self, sample: TrainingSample) -> bool:
        """Return whether something is asked, and has an answer."""
        return sample.family in _ASKED

    def score(self, sample: TrainingSample, text: str) -> float:
        """Return what the scorer says of an answer; "not stated" is judged as `AnswerReward` does."""
        answer = parse_completion(text).answer
        if not answer or (is_abstention(answer) or is_abstention(sample.answer)):
            return _score(sample, answer, compare=_is_equal, abstained=0.0)
        right = [drop_citations(one).strip() or one for one in list_answers(sample)]
        return max(0.0, min(1.0, float(self._scorer(answer, right))))


def normalize_answer(text: str) -> str:
    """Return an answer as it is compared: without citations, outer punctuation and case, white space as one space.

    Inner punctuation stays: it is a part of identifiers.

    Example:
        >>> normalize_answer('  "K-4417" (§3). ')
        'k-4417'
    """
    return normalize_text(drop_citations(text)).casefold().strip(_ENDS)


def list_answers(sample: TrainingSample) -> list[str]:
    """Return the right answers: the sample's, and those of its `details["answers"]`."""
    more = sample.details.get("answers", ())
    others = [str(one) for one in more] if isinstance(more, list | tuple) else []
    return list(dict.fromkeys([sample.answer, *others]))


def _score(
    sample: TrainingSample, answer: str, *, compare: Callable[[str, str], float], abstained: float
) -> float:
    is_told = not is_abstention(sample.answer)
    if not answer:
        return 0.0
    if not is_told:  # a guess beside it, such as "not stated, perhaps K-4417", is none
        return float(is_abstention(answer) and len(answer) <= _BESIDE)
    if is_abstention(answer):
        return abstained
    return max(compare(answer, right) for right in list_answers(sample))


def _is_equal(answer: str, right: str) -> float:
    wanted = normalize_answer(right)
    return float(any(said == wanted for said in _list_forms(answer)))


def _is_contained(answer: str, right: str) -> float:
    wanted = normalize_answer(right)
    if not wanted:
        return _is_equal(answer, right)
    # Beside ideographs there are no spaces.
    pattern = re.compile(rf"(?<![a-z0-9]){re.escape(wanted)}(?![a-z0-9])")
    return float(
        any(
            len(said) <= len(wanted) + _BESIDE and pattern.search(said) is not None
            for said in _list_forms(answer)
        )
    )


def _list_forms(answer: str) -> tuple[str, str]:
    """Return an answer without citations and with them: some questions ask for an anchor."""
    return normalize_answer(answer), normalize_text(answer).casefold().strip(_ENDS)


def _score_f1(answer: str, right: str) -> float:
    return compare_words(_list_words(answer), _list_words(right))


def _list_words(text: str) -> list[str]:
    spaced = _IDEOGRAPH.sub(lambda found: f" {found[0]} ", normalize_answer(text))
    return split_words(spaced)
