"""A model as the judge of an answer: what it is asked, and how its verdict is read.

The rules are those that each benchmark publishes, in words of our own. Knows readers and verdicts.
"""

from __future__ import annotations

import json
import re

from glyph_memory.context import Context
from glyph_memory.errors import BadReading, show_value
from glyph_memory.readers import Reader

_SCORES = (0.0, 0.5, 1.0)


def ask_judge(judge: Reader, prompt: str) -> str:
    """Return what a judge says.

    Raises:
        ReaderError: It says nothing, or was cut off: what it thought aloud until then is no verdict.
    """
    reading = judge.read(Context.of(prompt, pages=[]))
    if reading.is_cut_off:
        raise BadReading(
            f"the judge was cut off after {show_value(reading.text, at_most=40)}; allow it more tokens, or name "
            "another judge"
        )
    return reading.text.strip()


def ask_yes_or_no(judge: Reader, prompt: str) -> bool:
    """Return whether a judge says yes, as LongMemEval reads it: whether a yes stands in its verdict.

    Raises:
        ReaderError: It says nothing, or neither.
    """
    said = ask_judge(judge, prompt)
    words = set(re.findall(r"[a-z]+", said.lower()))
    if not words & {"yes", "no"}:
        raise BadReading(f"the judge was asked for yes or no and said {show_value(said)}; name another judge")
    return "yes" in words


def ask_for_score(judge: Reader, prompt: str) -> float:
    """Return the 0, 0.5 or 1 that a judge gives.

    Raises:
        ReaderError: It says nothing, or something else.
    """
    said = ask_judge(judge, prompt)
    found = re.search(r"\{.*\}", said, re.DOTALL)
    try:
        told = json.loads(found[0])["score"] if found else float(said)
        score = float(told)
    except (ValueError, TypeError, KeyError, RecursionError):
        score = -1.0
    if score not in _SCORES:
        raise BadReading(
            f'the judge was asked for {{"score": 0, 0.5 or 1}} and said {show_value(said)}; name another judge'
        )
    return score
