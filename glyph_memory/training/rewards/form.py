"""Rewards for how something is said: thoughts and an answer once each, citations that lead somewhere, the length."""

from __future__ import annotations

import re

from glyph_memory.checks import check_whole
from glyph_memory.evaluate.tasks import is_abstention
from glyph_memory.training.rewards.completion import Completion, parse_completion
from glyph_memory.training.rewards.reward import Reward
from glyph_memory.training.samples import TrainingError, TrainingSample

_ASKED = frozenset({"question", "conversation"})


class FormatReward(Reward):
    """1 for `<think>…</think>` and then an answer, once each and neither empty; else 0.

    Where a sample's `details` name `anchors` or the right `citation`, that is half of it. The other half is for citing
    as in `§42`: at least one anchor, and none that is not there; where the right one is known, that and no other. An
    answer that nothing is stated needs no citation.

    Example:
        >>> from glyph_memory.training import ImageSlot, SampleMessage, TrainingSample
        >>> asked = (SampleMessage(role="user", parts=(ImageSlot(0), "What is the key?")),)
        >>> sample = TrainingSample(
        ...     family="question", prompt=asked, images=(b"PNG",), answer="K-4417", details={"anchors": [1, 2]}
        ... )
        >>> FormatReward().score(sample, "<think>It is there.</think>K-4417 §2")
        1.0
        >>> FormatReward().score(sample, "<think>It is there.</think>K-4417 §7")
        0.5
    """

    name = "format"

    def fits(self, sample: TrainingSample) -> bool:
        """Return whether something is asked; what is only read needs no thought."""
        return sample.family in _ASKED

    def score(self, sample: TrainingSample, text: str) -> float:
        """Return 0, 0.5 or 1."""
        said = parse_completion(text)
        anchors = read_anchors(sample, "anchors") | read_anchors(sample, "citation")
        if not anchors:
            return float(said.is_well_formed)
        return (said.is_well_formed + _cites_well(sample, said, anchors)) / 2


def _cites_well(sample: TrainingSample, said: Completion, anchors: frozenset[int]) -> bool:
    right = read_anchors(sample, "citation")
    if is_abstention(sample.answer):
        return bool(said.answer) and said.cited <= anchors
    return said.cited == right if right else bool(said.cited) and said.cited <= anchors


def read_anchors(sample: TrainingSample, key: str) -> frozenset[int]:
    """Return the anchors of a sample's details, be they 42, "42", "§42 user" or several of these."""
    told = sample.details.get(key, ())
    several = told if isinstance(told, list | tuple) else [told]
    found = (re.search(r"\d{1,9}", str(one)) for one in several)
    return frozenset(int(one[0]) for one in found if one)


class LengthPenalty(Reward):
    """0 for a completion of up to so many characters, then less and less, down to −1.

    The soft punishment of DAPO (Yu et al. 2025, arXiv 2503.14476, equation 13), in characters.

    Example:
        >>> from glyph_memory.training import SampleMessage, TrainingSample
        >>> asked = (SampleMessage(role="user", parts=("Say so.",)),)
        >>> sample = TrainingSample(family="question", prompt=asked, answer="so")
        >>> LengthPenalty(free_characters=100, longest_characters=200).score(sample, "a" * 150)
        -0.5
    """

    name, lowest, highest = "length", -1.0, 0.0

    def __init__(self, *, free_characters: int = 4_000, longest_characters: int = 8_000) -> None:
        """Choose from where length costs, and where it costs most.

        Raises:
            TrainingError: The second is not above the first.
        """
        check_whole("free_characters", free_characters, TrainingError)
        check_whole("longest_characters", longest_characters, TrainingError, at_least=free_characters + 1)
        self._free = free_characters
        self._span = longest_characters - free_characters

    def fits(self, sample: TrainingSample) -> bool:
        """Return whether something is asked; a page's text is as long as it is."""
        return sample.family in _ASKED

    def score(self, sample: TrainingSample, text: str) -> float:
        """Return the penalty, −1 to 0."""
        return -min(1.0, max(0.0, (len(text) - self._free) / self._span))
