"""What do pages save where a model answers from retrieved text? Text against pages, in LangChain and in LlamaIndex.

Chunks of Python's language reference, of LlamaIndex's default size, are found and shown to the model: as LangChain's
documents in a prompt, and packed by `GlyphDocumentCompressor`; by LlamaIndex's default query engine, and by one with
`multimodal=True` and `PagePostprocessor`. The frameworks' real clients ask a server that counts as the model does.

Told are the prompt's tokens, how many calls LlamaIndex makes, and how many chunks one call holds beside the answer.
LangChain asks once, whatever fits; LlamaIndex asks again with the rest.

    python benchmarks/rag.py [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import warnings
from collections.abc import Sequence

from glyph_memory import ModelProfile
from lib.rag_sides import (
    OUTPUT_TOKENS,
    PROFILE,
    Asked,
    ask_langchain,
    ask_llama_index,
    make_chunks,
)
from lib.report import print_table
from lib.results import write_results

COUNTS = (1, 2, 5, 10, 20)
WINDOWS = (8_192, 16_384, 32_768, 65_536, 131_072)


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask with each number of chunks in each window, print the table, write the numbers."""
    parser = argparse.ArgumentParser(description="What pages save where a model answers from retrieved text.")
    parser.add_argument("--quick", action="store_true", help="few chunks, two windows")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    counts, windows = (COUNTS[:3], WINDOWS[:2]) if options.quick else (COUNTS, WINDOWS)
    warnings.simplefilter("ignore", DeprecationWarning)
    asyncio.set_event_loop(asyncio.new_event_loop())  # else LlamaIndex leaves one open
    chunks = make_chunks(counts[-1])
    profile = ModelProfile.from_name(PROFILE)
    tokens = [profile.text_tokens(chunk) for chunk in chunks]
    rows = [*compare_langchain(chunks, counts, windows), *compare_llama_index(chunks, counts, windows)]
    print_table(
        f"prompt tokens for {PROFILE}; chunks of {min(tokens):,} to {max(tokens):,} tokens, "
        f"{OUTPUT_TOKENS} for the answer",
        tuple(rows[0]),
        [tuple(row.values()) for row in rows],
    )
    write_results("rag", {"profile": PROFILE, "chunk_tokens": tokens, "rows": rows}, arguments=given)


def compare_langchain(
    chunks: Sequence[str], counts: Sequence[int], windows: Sequence[int]
) -> list[dict[str, object]]:
    """Ask with one chunk, two, and so on; what fits a window follows from their prompts."""
    texts, pages = (
        [ask_langchain(chunks[:count], is_pages=is_pages) for count in range(1, counts[-1] + 1)]
        for is_pages in (False, True)
    )
    return [
        describe(
            "LangChain",
            count,
            window,
            texts[count - 1],
            pages[count - 1],
            [count_fitting(asked[:count], window) for asked in (texts, pages)],
        )
        for count in counts
        for window in windows
    ]


def compare_llama_index(
    chunks: Sequence[str], counts: Sequence[int], windows: Sequence[int]
) -> list[dict[str, object]]:
    """Ask in each window: LlamaIndex splits what does not fit."""
    rows = []
    for count in counts:
        for window in windows:
            text, pages = (
                ask_llama_index(chunks[:count], window=window, is_pages=is_pages)
                for is_pages in (False, True)
            )
            rows.append(describe("LlamaIndex", count, window, text, pages, [text.first, pages.first]))
    return rows


def describe(
    framework: str, count: int, window: int, text: Asked, pages: Asked, fitting: Sequence[int]
) -> dict[str, object]:
    """Return a row of the table."""
    return {
        "framework": framework,
        "chunks": count,
        "window": window,
        "text": text.tokens,
        "pages": pages.tokens,
        "ratio": text.tokens / pages.tokens,
        "images": pages.images,
        "calls, text": text.calls,
        "calls, pages": pages.calls,
        "in one call, text": fitting[0],
        "in one call, pages": fitting[1],
    }


def count_fitting(asked: Sequence[Asked], window: int) -> int:
    """Return how many chunks fit a window beside the answer."""
    return sum(one.tokens + OUTPUT_TOKENS <= window for one in asked)


if __name__ == "__main__":
    main()
