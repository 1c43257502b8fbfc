"""Does the planner choose what is cheaper on a server? Its cost beside that of text and of pages, in the same run.

Conversations of an agent are sent turn by turn to simulated servers: windows of 8k to 131k, with and without a prefix
cache, text or pages dear, what is cached nearly free or not. The judge counts tokens of the true requests, one by one,
through a block cache; it shares no formula with the planner, which sees the prices and the window alone.

Aimed at: the planner never costs more than 1.05 of the better of text and pages. Text is a way where all of it fits
the window; where it does not, only pages keep everything, and the planner is compared with them.

    python benchmarks/planner.py [--quick]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from glyph_memory import FoldPolicy, ModelProfile
from glyph_memory.context import Binder
from glyph_memory.folding import Choice, PromptTokens, ServerPrices, choose_for_prices
from glyph_memory.testing import agent_conversation
from lib.report import print_table, say_whether
from lib.results import write_results
from lib.server_prices import KindKeys, count_sent
from lib.ways import Talk, send_pages, send_text

PROFILE = "glyph"
WORST = 1.05
"""Aimed at, of the better of text and pages."""
TOOL_LINES = {"light": None, "heavy": 60, "files": 250}
"""Of the conversations: results of a few lines; of some 60, and up to 300; and of 5 to 60 kB."""
_CACHED = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
"""What a cached token costs, of one that is read anew; 1 where there is no prefix cache."""
_PAGE = (0.5, 1.0, 2.0, 4.0)
"""What a token of a page costs, of one of text."""
_NOTES = """
cost       of all prompts of a run, by the server's prices: one for a token of text that is read anew
text       everything as text, where all of it fits the window
pages      the policy that fits the window, as it is without prices
planner    the same policy with the choice's late triggers; chosen once, before the run
not counted: answers, which are the same in all ways; making pages"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A conversation on a server, sent in three ways."""

    kind: str
    window: int
    turns: int
    prices: ServerPrices
    choice: Choice
    text: float | None
    pages: float
    planner: float

    @property
    def better(self) -> float:
        """The cost of the better of text and pages."""
        return self.pages if self.text is None else min(self.text, self.pages)

    @property
    def ratio(self) -> float:
        """What the planner costs of that."""
        return self.planner / self.better

    def describe(self) -> list[object]:
        """Return the case as a row."""
        prices = self.prices
        told = f"{prices.page:g} / {prices.cached_text:g} / {prices.cached_page:g}"
        text = "–" if self.text is None else round(self.text)
        return [
            f"{self.kind}, {self.window:,}", told, self.choice.shows, text, round(self.pages), round(self.planner),
            self.ratio,
        ]  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Send everything, print the worst and where text wins, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="Compare the planner's cost with text's and pages'.")
    parser.add_argument("--quick", action="store_true", help="shorter conversations, fewer servers")
    options = parser.parse_args(given)
    turns = 60 if options.quick else 200
    windows = (8192, 32_768) if options.quick else (8192, 32_768, 131_072)
    kinds = ("light", "heavy") if options.quick else tuple(TOOL_LINES)
    cases = [
        case for kind in kinds for window in windows
        for case in compare(kind, window, turns, list_prices(is_quick=options.quick))
    ]  # fmt: skip
    head = (
        "conversation, window",
        "page / cached text / page",
        "chosen",
        "text",
        "pages",
        "planner",
        "of the better",
    )
    worst = sorted(cases, key=lambda case: -case.ratio)
    print_table(
        "where the planner is furthest above the better", head, [case.describe() for case in worst[:12]]
    )
    text_wins = [case for case in cases if case.text is not None and case.text < 0.99 * case.pages]
    text_wins.sort(key=lambda case: (case.text or 0) / case.pages)
    print_table(
        f"where text wins: {len(text_wins)} of {len(cases)}; the clearest", head,
        [case.describe() for case in text_wins[:8]],
    )  # fmt: skip
    best = worst[-1]
    within = sum(case.ratio <= WORST for case in cases)
    print(f"\n  at worst {worst[0].ratio:.3f} of the better, at best {best.ratio:.3f}; {within} of {len(cases)} "
          f"within {WORST}; aimed at all: {say_whether(within == len(cases))}")  # fmt: skip
    print(_NOTES)

    write_results(
        "planner",
        {
            "profile": PROFILE, "turns": turns, "aim": WORST, "cases": len(cases), "within": within,
            "worst": worst[0].ratio, "best": best.ratio, "text wins": len(text_wins),
            "rows": [dict(zip(head, case.describe(), strict=True)) for case in cases],
        },
        arguments=given,
    )  # fmt: skip


def list_prices(*, is_quick: bool = False) -> list[ServerPrices]:
    """Return the servers: what a page's token costs, and what is cached."""
    found = dict[tuple[float, float, float], ServerPrices]()
    for cached in _CACHED[::3] + _CACHED[-1:] if is_quick else _CACHED:
        for page in _PAGE[1::2] if is_quick else _PAGE:
            # Cached, a page costs what text does, or more, where a server decodes each picture again.
            for cached_page in {cached, min(page, 4 * cached)}:
                found[page, cached, cached_page] = ServerPrices(
                    text=1.0, page=page, cached_text=cached, cached_page=cached_page, source="made up"
                )
    return list(found.values())


def compare(kind: str, window: int, turns: int, prices: Sequence[ServerPrices]) -> Iterator[Case]:
    """Send a conversation in a window to each server, in three ways."""
    profile = replace(ModelProfile.from_name(PROFILE), window_tokens=window)
    policy, keys = FoldPolicy.for_profile(profile), KindKeys(profile)
    conversation = agent_conversation(turns=turns, tool_lines=TOOL_LINES[kind])
    sent = dict[tuple[tuple[int, int], ...], PromptTokens]()

    def send(late: tuple[tuple[int, int], ...]) -> PromptTokens:
        if late not in sent:
            binder = Binder(profile, policy=replace(policy, late_triggers=late))
            talk = Talk(conversation, binder=binder, keys=keys)
            sent[late] = count_sent(talk, lambda one: send_pages(one, binder), keys).total
        return sent[late]

    talk = Talk(conversation, binder=Binder(profile), keys=keys)
    text = count_sent(talk, send_text, keys)
    fits = text.largest <= policy.prompt_tokens
    for one in prices:
        choice = choose_for_prices(one, policy=policy)
        yield Case(
            kind=kind,
            window=window,
            turns=turns,
            prices=one,
            choice=choice,
            text=one.cost(text.total) if fits else None,
            pages=one.cost(send(())),
            planner=one.cost(send(choice.late_triggers)),
        )
    print(f"  {kind}, {window:,}: {len(sent)} different plans for {len(prices)} servers", flush=True)


if __name__ == "__main__":
    main()
