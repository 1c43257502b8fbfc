"""What RULER's tasks have in common: how they are judged, and the text that says nothing."""

from __future__ import annotations

from glyph_memory.evaluate.tasks.fitting import MadeTask
from glyph_memory.evaluate.tasks.sample import Judgement, Sample, judge_found
from glyph_memory.evaluate.tasks.scorers import match_all

NOISE = "The hills are low. The lake is cold. The road is dry. Off we walk. Up and down again."
"""A run of sentences that is repeated where a text is to say nothing."""


class RulerTask(MadeTask):
    """Judged by `match_all`: correct if all that is asked for is in the answer."""

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth; its score is RULER's."""
        return judge_found(match_all(answer, sample.answers), answer)
