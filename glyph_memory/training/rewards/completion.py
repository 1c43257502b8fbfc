"""What a model wrote, in parts: its thoughts, and its answer.

Knows tags; knows nothing about what is right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

THINK, END_THINK = "<think>", "</think>"
_ANSWER_TAGS = re.compile(r"</?answer>|<\|(?:begin|end)_of_box\|>")
_SEVERAL = r"§\s?\d{1,9}(?:\s?(?:,|;|and)\s?§\s?\d{1,9})*"
_IN_BRACKETS = re.compile(rf"[\[(]\s?{_SEVERAL}\s?[\])]")
_AT_END = re.compile(rf"(?<=\S)\s+{_SEVERAL}[\s.]*$")
_CITATION = re.compile(r"§\s?(\d{1,9})(?!\d)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """A completion in parts."""

    text: str
    """All of it."""
    reasoning: str
    """What stands before the last `</think>`, without tags; empty where there is none."""
    answer: str
    """What stands behind it; all of the text where no thought was begun, nothing where one was begun and never
    ended: it was cut off, and thoughts are no answer."""
    is_well_formed: bool
    """Whether it is `<think>…</think>` and an answer, once each, with nothing before."""

    @property
    def cited(self) -> frozenset[int]:
        """The anchors that the answer cites, as in `§42`."""
        return frozenset(int(number) for number in _CITATION.findall(self.answer))


def parse_completion(text: str) -> Completion:
    """Return a completion in parts.

    The answer is what stands after the last `</think>`. GLM's `<answer>` and box marks are taken off.

    Args:
        text: What the model wrote, without special tokens. Where its chat template opens the thought itself, put
            `<think>` before it.

    Example:
        >>> said = parse_completion("<think>It is on page 2.</think>K-4417 §3")
        >>> said.answer, said.reasoning, sorted(said.cited), said.is_well_formed
        ('K-4417 §3', 'It is on page 2.', [3], True)
        >>> parse_completion("<think>It is on pa").answer
        ''
    """
    before, end, after = text.rpartition(END_THINK)
    is_open = not end and THINK in text
    answer = "" if is_open else _ANSWER_TAGS.sub("", after).strip()
    reasoning = (text if is_open else before).replace(THINK, "").replace(END_THINK, "").strip()
    is_well_formed = (
        text.lstrip().startswith(THINK)
        and text.count(THINK) == 1
        and text.count(END_THINK) == 1
        and bool(reasoning)
        and bool(answer)
    )
    return Completion(text=text, reasoning=reasoning, answer=answer, is_well_formed=is_well_formed)


def drop_citations(text: str) -> str:
    """Return a text without citations in brackets, and without those at its end.

    Example:
        >>> drop_citations("K-4417 (§3, §12)."), drop_citations("K-4417 §3"), drop_citations("§3 user")
        ('K-4417 .', 'K-4417', '§3 user')
    """
    return _AT_END.sub("", _IN_BRACKETS.sub("", text))
