"""Which samples make which step: `plan_steps`. Steps are filled by tokens, not by samples.

Pure: the same lengths and seed give the same plan, so that a run that goes on takes the same steps. Knows numbers
alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from glyph_memory.training.samples import TrainingError


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What one update of the weights is made from."""

    forwards: tuple[tuple[int, ...], ...]
    """Samples by number, those together that go through the model together; the longest first."""
    tokens: int
    """Of all of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """All steps of a run."""

    steps: tuple[Step, ...]
    """In order."""
    too_long: int
    """How many samples are left out, since they are longer than the longest that is taken."""


def plan_steps(
    count_tokens: Callable[[int], int],
    samples: Sequence[int],
    mixed_in: Sequence[int] = (),
    *,
    share: float = 0.0,
    tokens_per_step: int,
    tokens_per_forward: int,
    max_tokens: int | None = None,
    steps: int | None = None,
    passes: int = 1,
    seed: int = 0,
) -> Plan:
    """Return the steps of a run.

    Args:
        count_tokens: Tells the length of a sample; asked once for each that is come to.
        samples: What is trained on, by number.
        mixed_in: What is mixed in among them.
        share: Which share of all samples that is.
        tokens_per_step: A step is filled until the next sample would make it longer.
        tokens_per_forward: Most tokens, padding included, that go through the model at once.
        max_tokens: Longer samples are left out.
        steps: How many steps; samples come again as often as it takes.
        passes: How often all samples are seen, where no steps are given.
        seed: Another one gives another order.

    Raises:
        TrainingError: No sample is short enough.

    Example:
        >>> plan = plan_steps(lambda number: 10, range(4), tokens_per_step=25, tokens_per_forward=10)
        >>> [len(step.forwards) for step in plan.steps]
        [2, 2]
    """
    lengths: dict[int, int] = {}

    def measure(number: int) -> int:
        if number not in lengths:
            lengths[number] = count_tokens(number)
        return lengths[number]

    def is_taken(number: int) -> bool:
        return max_tokens is None or measure(number) <= max_tokens

    main = _draw(samples, is_taken, passes=None if steps is not None else passes, seed=f"{seed}/samples")
    others = _draw(mixed_in, is_taken, passes=None, seed=f"{seed}/mixed in")
    made, held, tokens = list[Step](), list[int](), 0
    for number in _mix(main, others, share if mixed_in else 0.0):
        if held and tokens + measure(number) > tokens_per_step:
            made.append(_make_step(held, lengths, tokens_per_forward))
            held, tokens = [], 0
            if len(made) == steps:
                break
        held.append(number)
        tokens += measure(number)
    if held and len(made) != steps:
        made.append(_make_step(held, lengths, tokens_per_forward))
    too_long = sum(1 for length in lengths.values() if max_tokens is not None and length > max_tokens)
    if not made:
        raise TrainingError(
            f"all samples are longer than {max_tokens} tokens, the shortest {min(lengths.values(), default=0)}; raise "
            "max_tokens, or make shorter samples"
        )
    return Plan(steps=tuple(made), too_long=too_long)


def _draw(
    numbers: Sequence[int], is_taken: Callable[[int], bool], *, passes: int | None, seed: str
) -> Iterator[int]:
    """Yield samples, each once in every pass, in another order each time."""
    done = 0
    while passes is None or done < passes:
        order = list(numbers)
        random.Random(f"{seed}/{done}").shuffle(order)  # noqa: S311 - an order, no secret
        taken = False
        for number in order:
            if is_taken(number):
                taken = True
                yield number
        if not taken:
            return
        done += 1


def _mix(main: Iterator[int], others: Iterator[int], share: float) -> Iterator[int]:
    drawn = mixed = 0
    for number in main:
        while share and mixed + 1 <= share * (drawn + 1):
            if (other := next(others, None)) is None:
                share = 0.0
                break
            mixed, drawn = mixed + 1, drawn + 1
            yield other
        drawn += 1
        yield number


def _make_step(numbers: Sequence[int], lengths: dict[int, int], tokens_per_forward: int) -> Step:
    """Return a step: samples of about one length go together, so that little is padding."""
    forwards = list[list[int]]()
    for number in sorted(numbers, key=lambda one: (-lengths[one], one)):
        longest = lengths[forwards[-1][0]] if forwards else 0
        if forwards and longest * (len(forwards[-1]) + 1) <= tokens_per_forward:
            forwards[-1].append(number)
        else:
            forwards.append([number])
    return Step(forwards=tuple(map(tuple, forwards)), tokens=sum(lengths[number] for number in numbers))
