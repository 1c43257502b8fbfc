"""How much could pages save a GPU? The bounds of `efficiency.py`, for which no GPU is needed.

Compression is measured: our typesetter and `cl100k_base`, on Python's language reference as it is written and as
paragraphs. The rest is arithmetic for GLM-4.1V-9B, which is Glyph's network: FLOPs of prefill, the vision tower
included; bytes that a step of decoding reads, for one sequence and for as many as fit beside the weights in 80 GB;
memory of keys and values. And measured on this machine: what one core does for a page before a GPU sees it.

    python benchmarks/efficiency_bounds.py [--quick]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any

from lib.flops import GLM_9B, MOST_SEQUENCES, SPARE_BYTES, find_published
from lib.page_feed import Feed, count_prompt_tokens, make_styles
from lib.real_text import KINDS, LENGTHS, QUESTION, TOKENIZER, Texts
from lib.report import print_table
from lib.results import write_results

_GPU_BYTES = 80e9


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure compression, work out the bounds, print the table, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="Bounds of prefill and decoding, text against pages.")
    parser.add_argument("--quick", action="store_true", help="the two shortest texts")
    options = parser.parse_args(given)
    texts, feed = Texts(), Feed()
    lengths = LENGTHS[:2] if options.quick else LENGTHS
    bound(texts, feed, LENGTHS[0], *KINDS[0])  # loads fonts and codecs, which would count as a page's time
    rows = [bound(texts, feed, length, *kind) for length in lengths for kind in KINDS]
    print_table(
        "bounds, times as fast as text; and milliseconds of one core a page",
        ("tokens, pages of", "compression", "prefill", "paper", "one sequence", "most", "paper", "CPU ms"),
        [
            (
                f"{row['text_tokens']:,}, {row['text']}, {row['look']}",
                row["compression"],
                row["prefill"],
                row["published"]["prefill"],
                row["decode_one"],
                row["decode_most"],
                row["published"]["decoding"],
                row["cpu_ms_a_page"],
            )
            for row in rows
        ],
    )
    write_results(
        "efficiency_bounds",
        {"tokenizer": TOKENIZER, "question_tokens": len(QUESTION), "gpu_bytes": _GPU_BYTES, "rows": rows},
        arguments=given,
    )


def bound(texts: Texts, feed: Feed, length: int, name: str, look: str) -> dict[str, Any]:
    """Return the bounds for one text of one length, and how its pages look."""
    fed = feed.make_serially(texts.cut(name, length).text, make_styles()[look], clock=time.process_time)
    page_tokens = count_prompt_tokens(fed.pixels)
    text, pages = length + len(QUESTION), page_tokens + len(QUESTION)
    seen = GLM_9B.count_pages([4 * page.tokens for page in fed.pixels], pages)
    most = [_count_sequences(tokens) for tokens in (text, pages)]
    return {
        "text_tokens": length,
        "published": find_published(length),
        "text": name,
        "look": look,
        "pages": len(fed.pixels),
        "page_tokens": page_tokens,
        "compression": length / page_tokens,
        "prefill": GLM_9B.count_prefill(text).total / seen.total,
        "prefill_features_cached": GLM_9B.count_prefill(text).total / GLM_9B.count_prefill(pages).total,
        "decode_one": GLM_9B.count_step_bytes(text, 1) / GLM_9B.count_step_bytes(pages, 1),
        "sequences": most,
        "decode_most": (most[1] / GLM_9B.count_step_bytes(pages, most[1]))
        / (most[0] / GLM_9B.count_step_bytes(text, most[0])),
        "kv_gib": [GLM_9B.count_kv_bytes(tokens) / 2**30 for tokens in (text, pages)],
        "cpu_ms_a_page": 1000 * sum(fed.seconds.values()) / len(fed.pixels),
    }


def _count_sequences(tokens: int) -> int:
    """Return how many sequences fit beside the weights; servers take 256 at the most unless told otherwise."""
    free = _GPU_BYTES - 2 * GLM_9B.parameters - SPARE_BYTES
    return max(1, min(MOST_SEQUENCES, int(free / GLM_9B.count_kv_bytes(tokens + 1))))


if __name__ == "__main__":
    main()
