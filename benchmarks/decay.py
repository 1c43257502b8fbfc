"""What do denser old pages keep in sight, and what does the broken prefix cost?

A conversation of an agent is held turn by turn in a memory, with letters of 9 points. Old seals stay, or are drawn
again with letters of 6 points by a `DecayRule`, for servers that charge a tenth or a hundredth for cached tokens. A
request is sent at every user's turn. Its true tokens are counted against a prefix cache, which knows nothing of the
rule.

Told are the turns that are shown, on average over the requests, the tokens of all prompts, how many of them were read
anew, and how often the prefix was broken.

    python benchmarks/decay.py [--quick]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from glyph_memory import DecayRule, GlyphMemory, ModelProfile, PageStyle, ServerPrices
from glyph_memory.testing import agent_conversation
from lib.prefix_cache import BlockCache, Keys
from lib.report import print_table
from lib.results import write_results

PROFILE = "glyph"
STYLE = PageStyle.glyph()
OLD = replace(STYLE, font_size_pt=6, line_height_pt=20 / 3)
CACHED = (0.1, 0.01)


def main(arguments: Sequence[str] | None = None) -> None:
    """Hold the conversation with each rule, print the table, write the numbers."""
    parser = argparse.ArgumentParser(description="What denser old pages keep in sight, and what that costs.")
    parser.add_argument("--quick", action="store_true", help="200 turns, one window")
    given = sys.argv[1:] if arguments is None else list(arguments)
    is_quick = parser.parse_args(given).quick
    rows = [
        hold(window, 200 if is_quick else 600, cached, has_rule=has_rule)
        for window in ((8192,) if is_quick else (8192, 16_384, 32_768))
        for cached in (None, *CACHED)
        for has_rule in (False, True)
        if has_rule or cached is None
    ]
    print_table(
        "an agent's conversation, turn by turn", tuple(rows[0]), [tuple(row.values()) for row in rows]
    )
    write_results("decay", {"profile": PROFILE, "rows": rows}, arguments=given)


def hold(window: int, turns: int, cached: float | None, *, has_rule: bool) -> dict[str, Any]:
    """Return what came of a conversation."""
    # Prices would choose between text and pages as well; the policy is the same without.
    prices = None if cached is None else ServerPrices(text=1, page=1, cached_text=cached, cached_page=cached)
    rule = DecayRule(style=OLD) if has_rule else None
    keys, cache = Keys(ModelProfile.from_name(PROFILE)), BlockCache()
    shown, anew, prompts = list[int](), 0, 0
    with GlyphMemory.open(
        profile=PROFILE, style=STYLE, window_tokens=window, prices=prices, decay=rule
    ) as memory:
        for turn in agent_conversation(turns=turns):
            memory.add(turn)
            if turn.role != "user":
                continue
            prompt = keys.prompt(memory.context().messages)
            anew += len(prompt) - cache.look_up(prompt)
            prompts += len(prompt)
            fold = memory.fold()
            shown.append(
                len(fold.head) + sum(len(seal.anchors) for seal in fold.visible_seals) + len(fold.tail)
            )
        report = memory.report()
    return {
        "window, rule": f"{window:,}, {_name(cached, has_rule=has_rule)}",
        "requests": len(shown),
        "turns shown, mean": round(fmean(shown), 1),
        "turns that left": report.evicted_turns,
        "generations": report.generation,
        "prompt tokens": prompts,
        "read anew": anew,
    }


def _name(cached: float | None, *, has_rule: bool) -> str:
    if not has_rule:
        return "none"
    return "no prices" if cached is None else f"cached at {cached:g}"


if __name__ == "__main__":
    main()
