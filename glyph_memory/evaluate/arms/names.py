"""Arms by name, as they are typed: `pages`, `pages+ledger@dpi=96`. Knows names; builds nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

from glyph_memory.errors import PolicyError, StyleError, show_value
from glyph_memory.evaluate.arms.pages import PagesArm
from glyph_memory.evaluate.arms.planner import PlannerArm, load_prices
from glyph_memory.evaluate.arms.prompt import Arm
from glyph_memory.evaluate.arms.summary import SummaryArm
from glyph_memory.evaluate.arms.text import TextArm, WindowArm

ARMS: Mapping[str, str] = {
    "text": "the whole text; refused where it does not fit",
    "window": "the newest text that fits",
    "summary": "a summary that the model rewrites piece by piece, and the newest text",
    "pages": "pages of all of it; where not all fit, of the newest",
    "pages+ledger": "pages, and the identifiers on them letter for letter",
    "pages+focus": "pages, and the lines that bear on the question as text, from all of it",
    "pages+ledger+focus": "pages, their identifiers, and the lines that bear on the question",
    "pages+ledger+recall": "the same under its older name",
    "planner": "text or pages with ledger, whichever is cheaper by the server's prices; by tokens without any",
}
"""The arms by name, and what each shows."""

_PLAIN: Mapping[str, Callable[[], Arm]] = {"text": TextArm, "window": WindowArm, "summary": SummaryArm}
_SETTINGS = ("style", "dpi", "size")


def find_arm(name: str) -> Arm:
    """Return an arm by its name.

    Arms of pages take settings behind an `@`: `style`, a preset's name or `dense`; `dpi`; and `size`, of the letters in
    points. So a sweep is a list of arms. The planner takes `prices`, a calibration's file or one of `ServerPrices`.

    Raises:
        PolicyError: There is no such arm, or it takes no such setting.
        StyleError: It cannot be drawn so.

    Example:
        >>> find_arm("pages@style=dark@dpi=96").name
        'pages@style=dark@dpi=96'
    """
    what, *settings = name.strip().split("@")
    if what not in ARMS:
        near = get_close_matches(what, ARMS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise PolicyError(f"no arm {show_value(what)}; {hint}There are {', '.join(ARMS)}")
    if what in _PLAIN:
        if settings:
            raise PolicyError(
                f"the arm {what!r} takes no setting, and {show_value(settings[0])} is one; leave it out"
            )
        return _PLAIN[what]()
    if what == "planner":
        return _build_planner(name.strip(), settings)
    read = dict[str, str]()
    for key, value in (_split(name, setting) for setting in settings):
        if key in read:
            raise PolicyError(f"{key!r} of the arm {show_value(name)} is given twice; leave one out")
        read[key] = value
    return PagesArm(
        read.get("style"),
        size_pt=_read_number(name, "size", read.get("size")),
        dpi=_read_number(name, "dpi", read.get("dpi")),
        has_ledger="ledger" in what,
        has_focus="focus" in what or "recall" in what,
        name=name.strip(),
    )


def _build_planner(name: str, settings: Sequence[str]) -> Arm:
    if not settings:
        return PlannerArm(name=name)
    key, found, path = "@".join(settings).partition("=")  # a path may have an @
    if key != "prices" or not found or not path:
        raise PolicyError(
            f"the arm 'planner' takes prices=FILE alone, and {show_value(settings[0])} is not that; give a "
            "calibration, or what ServerPrices.save wrote"
        )
    return PlannerArm(load_prices(path), name=name)


def _split(name: str, setting: str) -> tuple[str, str]:
    key, found, value = setting.partition("=")
    if not found or not value or key not in _SETTINGS:
        raise PolicyError(
            f"{show_value(setting)} of the arm {show_value(name)} is no setting; there are style=NAME, dpi=N and "
            "size=POINTS"
        )
    return key, value


def _read_number(name: str, key: str, value: str | None) -> float | None:
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4})?", value) or float(value) <= 0:
        raise StyleError(
            f"{key}={show_value(value)} of the arm {show_value(name)} is no number from 0.0001 to 9999; give one "
            "such as 9"
        )
    return float(value)
