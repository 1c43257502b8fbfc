"""What a language model is asked: the styles that were tried, and what came of them, and for new ones as JSON.

Knows candidates and wording; knows nothing about servers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from glyph_memory.style import PageStyle, style_to_json
from glyph_memory.training.style_search.candidate import Candidate
from glyph_memory.training.style_search.front import Aim, find_front
from glyph_memory.training.style_search.replies import CHOICES, COLORS, RANGES

_SHOWN = 30
"""Candidates that a prompt shows at the most."""
_LEFT_OUT = ("snap_px", "role_colors")
"""Fields that no proposal changes."""

_TASK = """\
You tune how text is drawn on page images that a vision-language model reads. A style has an accuracy: the share of \
questions that the model answers right from such pages. It has a density rho: how many text tokens one page token \
stands for. Larger letters, wider lines and more empty space raise accuracy and lower rho. Settings interact: what \
helps with one size of letters may not with another, and accuracy can fall off a cliff below some size in pixels \
(font_size_pt * dpi / 72).

Wanted: {aim}. Accuracies are of few questions, so look at their intervals."""

_FORM = """\
Analyse which settings make styles better, and which limit them. Then propose {count} new styles that were not tried \
yet: some a step beyond the best, some crossing two good ones, one bold. Answer with one JSON object and nothing else:

{{"analysis": "two sentences", "proposals": [
  {{"parents": [3], "change": {{"font_size_pt": 8, "line_height_pt": 8.5}}, "why": "one sentence"}},
  {{"parents": [3, 7], "take": ["dpi", "font"], "change": {{}}, "why": "style 3 with what take names of style 7"}}
]}}

Fields that may be changed, with their ranges:
{fields}"""


def write_prompt(
    candidates: Sequence[Candidate], *, aim: Aim, count: int, marks: Sequence[str], refused: int = 0
) -> str:
    """Return what a language model is asked.

    Args:
        candidates: Those that were tried.
        aim: What is looked for.
        count: How many styles are wanted.
        marks: The newline marks that may be proposed.
        refused: How many styles that were made could not be drawn.
    """
    shown = _choose(candidates, aim)
    front = {one.number for one in find_front(candidates)}
    best = aim.pick(candidates)
    lines = [_tell(one, is_best=one is best, is_on_front=one.number in front) for one in shown]
    left = len(candidates) - len(shown)
    parts = [
        _TASK.format(aim=aim.name),
        "Styles that were tried, the densest first; each tells the fields that are not the default:",
        "\n".join(lines),
        *([f"{left} more were tried, none of them on the front."] if left else []),
        *([f"{refused} more could not be drawn."] if refused else []),
        f"The default: {json.dumps(_spell_default(), ensure_ascii=False)}",
        _FORM.format(count=count, fields=_list_fields(marks)),
    ]
    return "\n\n".join(parts)


def write_correction(prompt: str, reply: str, refused: Sequence[str], *, count: int) -> str:
    """Return what is asked once more, where proposals were refused.

    Args:
        prompt: What was asked before.
        reply: What came.
        refused: Why proposals cannot be tried.
        count: How many are still wanted.
    """
    told = "\n".join(f"- {one}" for one in refused[:20])
    return (
        f"{prompt}\n\nYou answered:\n{reply[:6_000]}\n\nOf that, these cannot be tried:\n{told}\n\n"
        f"Propose {count} others in their place, in the same form: one JSON object and nothing else."
    )


def _choose(candidates: Sequence[Candidate], aim: Aim) -> list[Candidate]:
    """Return the candidates that are shown: the front, the best, the latest; the densest first."""
    chosen = {one.number: one for one in find_front(candidates)[-_SHOWN // 2 :]}
    if best := aim.pick(candidates):
        chosen[best.number] = best
    for one in reversed(candidates):
        if len(chosen) >= _SHOWN:
            break
        chosen.setdefault(one.number, one)
    return sorted(chosen.values(), key=lambda one: -one.result.rho)


def _tell(candidate: Candidate, *, is_best: bool, is_on_front: bool) -> str:
    score = candidate.result
    low, high = score.interval
    notes = [
        "the best so far" if is_best else "on the front" if is_on_front else "",
        score.stopped and f"stopped: {score.stopped}",
    ]
    style = {name: value for name, value in style_to_json(candidate.style).items() if name not in _LEFT_OUT}
    told = "; ".join(filter(None, notes))
    return (
        f"{candidate.number}: accuracy {score.accuracy:.3f} ({low:.2f} to {high:.2f}, {score.asked} questions), "
        f"rho {score.rho:.3f}{f' [{told}]' if told else ''} {json.dumps(style, ensure_ascii=False)}"
    )


def _list_fields(marks: Sequence[str]) -> str:
    lines = [f"{name}: {low:g} to {high:g}" for name, (low, high) in RANGES.items()]
    choices = {**CHOICES, "newline_mark": tuple(marks)}
    lines += [f"{name}: {', '.join(json.dumps(one) for one in values)}" for name, values in choices.items()]
    return "\n".join(
        [*lines, f'{", ".join(COLORS)}: "#RRGGBB"', "line_height_pt is never below font_size_pt."]
    )


def _spell_default() -> dict[str, object]:
    default = PageStyle()
    return {name: getattr(default, name) for name in [*RANGES, *CHOICES, "newline_mark", *COLORS]}
