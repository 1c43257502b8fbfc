"""Counting over pages: how often a log says something."""

from __future__ import annotations

from itertools import islice

from glyph_memory.evaluate.tasks.fitting import OR_NOT_STATED, MadeTask, SamplePlan, insert_at_depths
from glyph_memory.evaluate.tasks.sample import Judgement, Sample, judge_found
from glyph_memory.evaluate.tasks.scorers import count_only
from glyph_memory.evaluate.tasks.texts import Dice, LogLine, stamp_lines, write_logs
from glyph_memory.evaluate.tasks.texts.words import ADJECTIVES, NOUNS


class Counting(MadeTask):
    """Asks how often a job failed: 2 to 12 times, evenly spread over a log. It runs as well, and others fail."""

    def write(self, plan: SamplePlan, lines: int, seed: int) -> Sample:
        """Return a log with so many lines about nothing that is asked."""
        dice = plan.roll("asked")
        asked, *others = [
            f"{first}-{last}"
            for first, last in zip(dice.sample(ADJECTIVES, 4), dice.sample(NOUNS, 4), strict=True)
        ]
        times = dice.number(2, 12)
        wanted = [(depth, _log(dice, asked, failed=True)) for depth in plan.depths(times)]
        near = [(dice.share(), _log(dice, asked, failed=False)) for _ in range(dice.number(2, 12))]
        near += [
            (dice.share(), _log(dice, dice.pick(others), failed=True)) for _ in range(dice.number(2, 12))
        ]
        whole = insert_at_depths(islice(write_logs(plan.roll("logs")), lines), [*wanted, *near])
        return Sample(
            id=plan.id,
            question=(
                f"How often does the log say that job {asked} failed? Answer with the number alone. {OR_NOT_STATED}"
            ),
            answers=(str(times),),
            document="\n".join(stamp_lines(whole, plan.roll("times"))),
            kind="counts",
            more={"texts": self.source},
        )

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth: correct if it says the number, and no other."""
        return judge_found(count_only(answer, int(sample.answers[0])), answer)


def _log(dice: Dice, job: str, *, failed: bool) -> LogLine:
    if failed:
        return LogLine(level="ERROR", service="queue", text=f"job {job} failed after {dice.number(2, 90)} s")
    return LogLine(level="INFO", service="queue", text=f"job {job} finished after {dice.number(2, 90)} s")
