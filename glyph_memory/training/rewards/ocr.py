"""The reward for reading pages to the letter: 1 less the share of characters that are wrong."""

from __future__ import annotations

from rapidfuzz.distance import Levenshtein

from glyph_memory.evaluate.normalize import normalize_text
from glyph_memory.training.rewards.completion import parse_completion
from glyph_memory.training.rewards.reward import Reward
from glyph_memory.training.samples import TrainingSample


class OcrReward(Reward):
    """How much of the pages' text was read: 1 − edits ÷ characters of the right text, and never below 0.

    The edits are Levenshtein's: letters put in, left out or exchanged. Both texts are compared as
    `glyph_memory.evaluate` does: a run of white space, line ends included, is one space, none at the ends, accents
    composed; case counts. It fits samples of the family "ocr" alone.

    Example:
        >>> from glyph_memory.training import ImageSlot, SampleMessage, TrainingSample
        >>> asked = (SampleMessage(role="user", parts=(ImageSlot(0), "Read the page.")),)
        >>> sample = TrainingSample(family="ocr", prompt=asked, images=(b"PNG",), answer="ten letters")
        >>> round(OcrReward().score(sample, "ten  1etters"), 3)
        0.909
    """

    name = "ocr"

    def fits(self, sample: TrainingSample) -> bool:
        """Return whether pages are to be read."""
        return sample.family == "ocr"

    def score(self, sample: TrainingSample, text: str) -> float:
        """Return how much was read, 0 to 1."""
        right = normalize_text(sample.answer)
        said = normalize_text(parse_completion(text).answer)
        if not right:
            return float(not said)
        # Beyond that many edits the reward is 0 anyway; a model that repeats itself is not measured to the end.
        edits = Levenshtein.distance(right, said, score_cutoff=len(right))
        return max(0.0, 1.0 - edits / len(right))
