"""Log lines made from a seed. A job's line says one thing about one job, so that it can be asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from glyph_memory.evaluate.tasks.texts import words
from glyph_memory.evaluate.tasks.texts.dice import Dice

Field = Literal["uuid", "hex", "key", "path", "number", "date"]
"""What a job's line tells of its job."""
FIELDS: tuple[Field, ...] = get_args(Field)
_FIRST = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
_JOBS: dict[Field, str] = {
    "uuid": "job {job} accepted request={value}",
    "hex": "job {job} built digest={value}",
    "key": "job {job} queued ticket={value}",
    "path": "job {job} wrote file={value}",
    "number": "job {job} booked invoice={value}",
    "date": "job {job} planned due={value}",
}
_OTHERS = (
    "GET /api/v2/{noun} 200 {n} ms",
    "POST /api/v2/{noun}/{d} 201 {n} ms",
    "cache {adjective} hit ratio 0.{n}",
    "worker {n} of {service} is idle",
    "retry {d} for {noun}: {other} reset the connection",
    "pool of {service}: {n} open, {d} waiting",
    "{noun} reloaded in {n} ms",
    "slow query on {noun}_{noun2}: {n} ms",
    "rotated {noun}.log after {n} MB",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class LogLine:
    """A line of a log but for its time."""

    level: str
    """How grave it is."""
    service: str
    """Who wrote it."""
    text: str
    """What it says."""


def log_job(job: str, field: Field, value: str, *, service: str = "queue") -> LogLine:
    """Return the line that tells something of a job."""
    return LogLine(level="INFO", service=service, text=_JOBS[field].format(job=job, value=value))


def write_logs(dice: Dice) -> Iterator[LogLine]:
    """Yield lines without end, none of which is about a job."""
    while True:
        blanks = {
            "noun": dice.pick(words.NOUNS),
            "noun2": dice.pick(words.NOUNS),
            "adjective": dice.pick(words.ADJECTIVES),
            "other": dice.pick(words.SERVICES),
            "service": dice.pick(words.SERVICES),
            "n": str(dice.number(10, 980)),
            "d": str(dice.number(2, 9)),
        }
        level = dice.pick(("INFO", "INFO", "INFO", "DEBUG", "WARN"))
        yield LogLine(
            level=level,
            service=dice.pick(words.SERVICES),
            text=dice.pick(_OTHERS).format_map(blanks),
        )


def stamp_lines(lines: list[LogLine], dice: Dice) -> list[str]:
    """Return lines with times before them, each later than the one before."""
    now, stamped = _FIRST, list[str]()
    for line in lines:
        now += timedelta(seconds=dice.number(1, 40))
        stamped.append(f"{now:%m-%d %H:%M:%S} {line.level:5} [{line.service}] {line.text}")
    return stamped


def make_value(field: Field, dice: Dice) -> str:
    """Return a value of a field that no other will be by chance, but for dates."""
    match field:
        case "uuid":
            return dice.uuid()
        case "hex":
            return dice.hex(40)
        case "key":
            place = dice.number(1, 14)
            return f"{dice.key(place)}{dice.number(2, 9)}{dice.key(15 - place)}"  # a digit, so that it is no word
        case "path":
            noun, other, last = dice.sample(words.NOUNS, 3)
            return f"/srv/{noun}/{other}-{dice.number(10, 99)}/{last}_{dice.number(100, 999)}.csv"
        case "number":
            return str(dice.number(1_000_000, 9_999_999))
        case "date":
            return f"{dice.number(2027, 2039)}-{dice.number(1, 12):02d}-{dice.number(1, 28):02d}"
