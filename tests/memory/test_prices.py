"""A memory whose server's prices are known: text waits where that is cheaper, and the report says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from glyph_memory import GlyphMemory, PageOptions, PolicyError, ServerPrices
from glyph_memory.cli.commands.report import print_report
from glyph_memory.context import Binder
from glyph_memory.report import MemorySection, report_html
from glyph_memory.testing import agent_conversation

FREE = ServerPrices(text=1, page=4, cached_text=0, cached_page=0)
UNCACHED = ServerPrices(text=1, page=1)
TURNS = agent_conversation(turns=120).turns


def test_a_memory_waits_with_pages_where_its_server_makes_text_cheaper() -> None:
    """The same conversation in a small window: as text where cached tokens are free, on pages where none is cached."""
    pages = dict[str, int]()
    for name, prices in {"free": FREE, "uncached": UNCACHED, "unknown": None}.items():
        with GlyphMemory.open(window_tokens=32_768, prices=prices) as memory:
            memory.extend(TURNS)
            report = memory.report()
            pages[name] = report.pages
            assert report.choice == memory.options.choice
            assert report.to_json()["choice"]["shows"] == report.choice.shows
    assert pages["free"] == 0 < pages["uncached"] == pages["unknown"]


def test_the_report_says_why_on_paper_and_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, with the prices and where they come from."""
    with GlyphMemory.open(window_tokens=16_384, prices=FREE) as memory:
        memory.extend(TURNS[:4])
        reason = memory.report().choice.reason
        page = "".join(report_html("Prices", [MemorySection.of(memory, title="Prices")]))
        print_report(memory)
    assert "(typed by hand)" in reason and "cached 0" in reason
    assert reason in page
    assert " ".join(reason.split()[:6]) in " ".join(capsys.readouterr().out.split())


def test_the_same_choice_is_the_same_look_whatever_the_prices_are_exactly(tmp_path: Path) -> None:
    """A server measured anew draws nothing anew, unless that changes what is chosen."""
    other = ServerPrices(text=2, page=8.001, cached_text=0, cached_page=0)
    looks = [
        Binder(window_tokens=16_384, prices=prices).fingerprint for prices in (FREE, other, UNCACHED, None)
    ]
    assert looks[0] == looks[1] != looks[2] == looks[3]


def test_what_is_no_price_list_is_refused_when_a_memory_is_opened() -> None:
    """By name; and None takes prices away again."""
    with pytest.raises(
        PolicyError, match=r"prices=0\.5 are no ServerPrices; give calibration\.prices\(\), or None"
    ):
        GlyphMemory.open(prices=0.5)  # type: ignore[arg-type]  # what is refused
    assert PageOptions.merge(PageOptions(prices=FREE), {"prices": None}).prices is None
