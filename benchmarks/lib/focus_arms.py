"""Ask the evaluation's tasks in arms of pages, with and without the lines that bear on the question.

Knows tasks, arms, and two readers: a scripted one, and our own small one. Prints nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from glyph_memory.context import Context, Text
from glyph_memory.errors import PolicyError
from glyph_memory.evaluate.arms import PagesArm, Prompt
from glyph_memory.evaluate.tasks import Sample, Task, find_task
from glyph_memory.nano import NanoReader
from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import typeset

IDENTIFIERS = ("niah_single_3", "niah_multikey_3", "identifiers")
"""Tasks that ask for identifiers."""
NUMBERS = ("niah_single_2", "niah_multivalue", "niah_multiquery")
OTHERS = ("vt", "latest_value", "qa_1", "not_stated")
TASKS = (*IDENTIFIERS, *NUMBERS, *OTHERS)
NANO_TASKS = (*IDENTIFIERS, "niah_single_2", "latest_value", "qa_1")
_GROUPS = {"identifiers": IDENTIFIERS, "numbers": NUMBERS, "others": OTHERS}
BUDGETS = (0.4, 0.2)
"""Of what the whole sample costs as text."""
RATES: Mapping[float, tuple[float, float]] = {6: (0.4, 0.85), 9: (0.9, 0.98)}
"""By size of letters: how often the scripted reader reads an identifier or a number right, and how often a word."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A sample within a budget, without focus and with it."""

    task: str
    """Of what task."""
    without: bool
    """Whether the answer was right without."""
    focused: bool
    """Whether it was right with it."""
    tokens: tuple[int, int]
    """Of the prompts, without and with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """How often answers were right, in one arm at one size and budget, to one group of tasks."""

    size: float
    """Of letters, in points."""
    budget: float
    """Of what the whole sample costs as text."""
    arm: str
    """The arm without focus."""
    tasks: str
    """The group."""
    pairs: tuple[Pair, ...]
    """What was asked."""

    @property
    def without(self) -> float:
        """The share of right answers without focus."""
        return sum(pair.without for pair in self.pairs) / max(1, len(self.pairs))

    @property
    def focused(self) -> float:
        """The share of right answers with it."""
        return sum(pair.focused for pair in self.pairs) / max(1, len(self.pairs))

    @property
    def gained(self) -> int:
        """How many were right with it alone."""
        return sum(pair.focused > pair.without for pair in self.pairs)

    @property
    def lost(self) -> int:
        """How many were right without it alone."""
        return sum(pair.focused < pair.without for pair in self.pairs)

    @property
    def fell(self) -> list[str]:
        """The tasks that had fewer right answers with it."""
        gains = dict[str, int]()
        for pair in self.pairs:
            gains[pair.task] = gains.get(pair.task, 0) + pair.focused - pair.without
        return [task for task, gain in gains.items() if gain < 0]

    def as_figures(self) -> dict[str, object]:
        """Return it as it is kept."""
        count = max(1, len(self.pairs))
        return {
            "size": self.size,
            "budget": self.budget,
            "arm": self.arm,
            "tasks": self.tasks,
            "pairs": len(self.pairs),
            "without": self.without,
            "with": self.focused,
            "only with": self.gained,
            "only without": self.lost,
            "tokens without": sum(pair.tokens[0] for pair in self.pairs) // count,
            "tokens with": sum(pair.tokens[1] for pair in self.pairs) // count,
            "fell": self.fell,
        }


def compare_arms(
    tasks: Sequence[str],
    profile: ModelProfile,
    *,
    samples: int,
    tokens: int,
    budgets: Sequence[float] = BUDGETS,
    reader: NanoReader | None = None,
) -> list[Row]:
    """Ask tasks as pages, with and without a ledger, each with and without focus.

    Args:
        tasks: By name.
        profile: The model that counts.
        samples: How many of each task.
        tokens: How long their texts are.
        budgets: What prompts may cost, of what the whole sample costs as text.
        reader: Who is asked; the scripted one unless given.
    """
    rows = []
    for size in RATES:
        for budget in budgets:
            for has_ledger in (False, True):
                pairs = [
                    pair
                    for name in tasks
                    for pair in _ask_task(
                        find_task(name), profile, size, budget, has_ledger, samples, tokens, reader
                    )
                ]
                rows += [
                    Row(
                        size=size,
                        budget=budget,
                        arm="pages+ledger" if has_ledger else "pages",
                        tasks=group,
                        pairs=tuple(pair for pair in pairs if pair.task in names),
                    )
                    for group, names in _GROUPS.items()
                    if any(name in tasks for name in names)
                ]
    return rows


def _ask_task(
    task: Task,
    profile: ModelProfile,
    size: float,
    budget: float,
    has_ledger: bool,
    samples: int,
    tokens: int,
    reader: NanoReader | None,
) -> Iterator[Pair]:
    arms = [PagesArm(size_pt=size, has_ledger=has_ledger, has_focus=focused) for focused in (False, True)]
    for sample in islice(task.samples(tokens=tokens, seed=0, count=profile.text_tokens), samples):
        whole = sample.document or "\n".join(turn.full_text for turn in sample.turns)
        room = int(budget * profile.text_tokens(whole))
        try:
            without, focused = (arm.build(sample, budget_tokens=room, profile=profile) for arm in arms)
        except PolicyError:  # too little for a page: there is nothing to compare
            continue
        answers = [
            read_scripted(sample, prompt, arms[0], profile, size)
            if reader is None
            else reader.read(prompt.context).text
            for prompt in (without, focused)
        ]
        right = [task.judge(sample, answer).outcome == "correct" for answer in answers]
        yield Pair(
            task=task.name, without=right[0], focused=right[1], tokens=(without.tokens, focused.tokens)
        )


def read_scripted(sample: Sample, prompt: Prompt, arm: PagesArm, profile: ModelProfile, size: float) -> str:
    """Return what a reader says that knows where answers stand, and misreads pages at a rate."""
    text = "\n".join(_list_texts(prompt.context))
    shown = _read_pages(sample, prompt.context, arm, profile)
    said = []
    for answer in sample.answers:
        if answer in text:
            said.append(answer)
        elif answer in shown:
            # Drawn for the sample and the answer alone: the same place of a page is misread in every arm.
            drawn = random.Random(f"{sample.id} {answer} {size:g}").random()
            rate = RATES[size][0 if any(one.isdigit() for one in answer) else 1]
            said.append(answer if drawn < rate else _misread(answer))
    return ", ".join(said) or "It is not stated."


def _list_texts(context: Context) -> Iterator[str]:
    *before, last = context.messages
    parts = [*(part for message in before for part in message.parts), *last.parts[:-1]]
    return (part.text for part in parts if isinstance(part, Text) and part.kind != "note")


def _read_pages(sample: Sample, context: Context, arm: PagesArm, profile: ModelProfile) -> str:
    """Return the text of the pages that a context shows."""
    pages = [image for image in context.images if image.kind == "page"]
    if sample.turns:
        shown = {
            anchor
            for image in pages
            if image.anchors
            for anchor in range(image.anchors[0], image.anchors[1] + 1)
        }
        return "\n".join(turn.full_text for place, turn in enumerate(sample.turns, 1) if place in shown)
    numbers = {image.number for image in pages}
    drawn = typeset(sample.document, style=arm.build_style(profile))
    return "".join(page.text for page in drawn if page.number in numbers)


def _misread(answer: str) -> str:
    """Return an answer with a letter or a digit that looks like another one, which is no answer to anything."""
    like = str.maketrans("0123456789abcdefghijklmnopqrstuvwxyz", "8717639126oecbctqbiivihrmopgrsivuvxyz"[:36])
    return answer.lower().translate(like) + "~"
