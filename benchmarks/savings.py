"""What do pages save? The two texts of `glyph-memory demo`, by default and line for line, in tokens for Glyph.

Text tokens are those of OpenAI's `cl100k_base` where its vocabulary is on this machine, else an estimate; which of the
two is said. Page tokens are what Glyph's own processor counts.

    python benchmarks/savings.py [--quick]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pydoc_data import topics

from glyph_memory import Document, ModelProfile, PageStyle, Transcript, iter_pages
from glyph_memory.report import Figures, Tally
from glyph_memory.testing import agent_conversation
from lib.report import print_table
from lib.results import write_results

PROFILE = "glyph"
_KEPT = ("text_tokens", "page_tokens", "ratio", "pages", "characters", "text_counter", "text_exact")


def main(arguments: Sequence[str] | None = None) -> None:
    """Typeset each text both ways, print the table, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="Count what the demo's texts cost as text and as pages.")
    parser.add_argument("--quick", action="store_true", help="a tenth of each text")
    options = parser.parse_args(given)
    profile = ModelProfile.from_name(PROFILE)
    styles = {"default": PageStyle.auto(profile), "line for line": PageStyle.glyph()}
    rows = []
    for name, text in list_texts(is_quick=options.quick).items():
        for look, chosen in styles.items():
            counted = count(text, profile, chosen).to_json()
            rows.append({"text": name, "look": look} | {key: counted[key] for key in _KEPT})
    print_table(
        f"tokens for {PROFILE}, counted as text by {rows[0]['text_counter']}",
        ["text", "look", "text tokens", "page tokens", "ratio", "pages"],
        [list(row.values())[:6] for row in rows],
    )
    write_results("savings", {"profile": PROFILE, "texts": rows}, arguments=given)


def list_texts(*, is_quick: bool = False) -> dict[str, Document | Transcript]:
    """Return the demo's texts by name."""
    reference, turns = "\n\n".join(topics.topics.values()), 1000
    if is_quick:
        reference, turns = reference[: len(reference) // 10], turns // 10
    return {
        "Python's language reference": Document(text=reference, title="Python's language reference"),
        f"an agent's work, {turns:,} turns with tool calls": agent_conversation(turns=turns),
    }


def count(text: Document | Transcript, profile: ModelProfile, style: PageStyle) -> Figures:
    """Return what a text costs as text and as pages."""
    tally = Tally(profile=profile, style="glyph")
    for _ in tally.watch(iter_pages(text, style=style)):
        pass
    return tally.figures()


if __name__ == "__main__":
    main()
