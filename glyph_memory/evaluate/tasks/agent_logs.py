"""Exact identifiers out of what an agent's tools returned: logs and code, in a conversation with tool calls."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice

from glyph_memory.evaluate.tasks.fitting import (
    OR_NOT_STATED,
    MadeTask,
    SamplePlan,
    insert_at_depths,
    split_into_runs,
)
from glyph_memory.evaluate.tasks.sample import Judgement, Sample, judge_found
from glyph_memory.evaluate.tasks.scorers import name_only_shape
from glyph_memory.evaluate.tasks.texts import (
    FIELDS,
    Dice,
    Field,
    LogLine,
    log_job,
    make_value,
    stamp_lines,
    write_code,
    write_logs,
)
from glyph_memory.evaluate.tasks.texts.words import ADJECTIVES, NOUNS, SERVICES
from glyph_memory.transcript import ToolCall, Turn

_ASKED: dict[Field, str] = {
    "uuid": "the id of the request with which job {job} was accepted",
    "hex": "the digest of what job {job} built",
    "key": "the ticket of job {job}",
    "path": "the file that job {job} wrote, with its whole path",
    "number": "the number of the invoice that job {job} booked",
    "date": "the date at which job {job} is due",
}
_SHAPES: dict[Field, re.Pattern[str]] = {
    "uuid": re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE),
    "hex": re.compile(r"(?<![0-9a-f-])[0-9a-f]{32,}", re.IGNORECASE),
    "key": re.compile(r"(?<![A-Za-z0-9/_-])(?=[A-Za-z]*[0-9])[A-Za-z0-9]{13,}"),
    "path": re.compile(r"/(?:[\w-]+/)+[\w-]+\.csv"),
    "number": re.compile(r"(?<![0-9])[0-9]{6,}"),
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}
"""What a value of a field looks like, misread by a character or two as well."""
_DIGITS = dict(zip("0123456789", "8778965134", strict=True))
_HEX = dict(zip("abcdef", "e6ebce", strict=True))
_LETTERS = dict(zip("OIlSBZGceuvnhr", "0lI5826ecvuhnn", strict=True))
"""What a character is easily taken for."""
_WORDS = {"noun": NOUNS, "adjective": ADJECTIVES, "service": SERVICES}
_REMARKS = (
    "The {noun} side looks right. I go on with {service}.",
    "Nothing there points at the {noun}; the next place to look is {service}.",
    "That is as it should be. {service} had a {adjective} hour, no more.",
    "I see the pattern: it begins with the {noun}.",
)
_REQUESTS = (
    "Have a look at {service}, please; the {noun} page was slow again.",
    "What did {service} do while the {noun} was reloaded?",
    "Go through {service} next.",
    "And {service}? Somebody mentioned the {noun}.",
)


class Identifiers(MadeTask):
    """Asks for an identifier that one line of a log tells of a job.

    The lines before and after tell the same of other jobs; one of them differs from what is right in one character.
    Other jobs of the same kinds stand all through the logs.
    """

    least_lines = 6

    def write(self, plan: SamplePlan, lines: int, seed: int) -> Sample:
        """Return a conversation with so many lines of logs and code."""
        field = FIELDS[plan.number % len(FIELDS)]
        dice = plan.roll("asked")
        job, *others = _pick_jobs(dice, 3)
        value = make_value(field, dice)
        values = [value, make_twin(value, field, dice), make_value(field, dice)]
        told = [log_job(one, field, telling) for one, telling in zip((job, *others), values, strict=True)]
        depth = plan.depths(1)[0]
        logs = _write_lines(plan.roll("logs"), {job, *others})
        before = round(depth * (log_lines := lines - lines // 4))
        whole = [*islice(logs, before), *dice.shuffle(told), *islice(logs, log_lines - before)]
        code = islice(_write_code_lines(plan.roll("code")), lines // 4)
        turns = plan.roll("turns")
        results = _split_into_results(turns, stamp_lines(whole, plan.roll("times")), list(code))
        return Sample(
            id=plan.id,
            question=(
                f"What is {_ASKED[field].format(job=job)}? Answer with it alone, as it is written. {OR_NOT_STATED}"
            ),
            answers=(value,),
            turns=tuple(_write_turns(turns, results)),
            kind=field,
            more={"depth": f"{depth:.2f}", "neighbour": values[1], "texts": self.source},
        )

    def judge(self, sample: Sample, answer: str) -> Judgement:
        """Return what an answer is worth: correct if it holds what is right, and nothing else of its kind."""
        field = next(one for one in FIELDS if one == sample.kind)
        said = re.sub(r"(?<=[0-9]),(?=[0-9]{3})", "", answer) if field == "number" else answer
        return judge_found(name_only_shape(said, sample.answers[0], _SHAPES[field]), answer)


def make_twin(value: str, field: Field, dice: Dice) -> str:
    """Return a value that differs from another in one character, for one that it is easily taken for."""
    table = _DIGITS | (_HEX if field in {"uuid", "hex"} else _LETTERS if field == "key" else {})
    places = [place for place, character in enumerate(value) if character in table]
    if field == "date":
        places = places[-1:]  # so that it stays a date
    if field == "uuid":
        places = [place for place in places if place > value.rindex("-")]  # and this a UUID
    place = dice.pick(places)
    return value[:place] + table[value[place]] + value[place + 1 :]


def _pick_jobs(dice: Dice, count: int) -> list[str]:
    names = zip(dice.sample(ADJECTIVES, count), dice.sample(NOUNS, count), strict=True)
    return ["-".join(name) for name in names]


def _write_lines(dice: Dice, taken: set[str]) -> Iterator[LogLine]:
    """Yield lines of which a third tell something of jobs, but of none that is taken."""
    logs = write_logs(dice)
    while True:
        (job,), field = _pick_jobs(dice, 1), dice.pick(FIELDS)
        if dice.number(0, 2) or job in taken:
            yield next(logs)
        else:
            yield log_job(job, field, make_value(field, dice))


def _write_code_lines(dice: Dice) -> Iterator[str]:
    return (line for block in write_code(dice) for line in block.splitlines())


def _split_into_results(dice: Dice, logs: list[str], code: list[str]) -> list[tuple[str, str]]:
    """Return what tools returned, by their names: logs, and code between them."""
    searched = [("search_logs", "\n".join(run)) for run in split_into_runs(logs, dice, 8, 30)]
    read = [("read_file", "\n".join(run)) for run in split_into_runs(code, dice, 8, 30)]
    depths = [(number + 0.5) / len(read) for number in range(len(read))]
    return insert_at_depths(searched, list(zip(depths, read, strict=True)))


def _write_turns(dice: Dice, results: list[tuple[str, str]]) -> Iterator[Turn]:
    """Yield four turns round each result: a request, a call, the result and a remark."""
    for name, text in results:
        words = {one: dice.pick(of) for one, of in _WORDS.items()}
        path = f"src/{words['service']}/{words['noun']}.py"
        asked = {"path": path} if name == "read_file" else {"service": words["service"], "limit": "100"}
        call = ToolCall(name=name, arguments=json.dumps(asked), id=f"call_{dice.hex(12)}")
        yield Turn(role="user", text=dice.pick(_REQUESTS).format_map(words))
        yield Turn(role="assistant", tool_calls=(call,))
        yield Turn(role="tool", text=text, name=name, tool_call_id=call.id)
        yield Turn(role="assistant", text=dice.pick(_REMARKS).format_map(words))
