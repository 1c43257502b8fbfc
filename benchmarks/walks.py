"""How many source files does a piece of work pass through, and how often back and forth?

Eight things that people do, each run once with every call recorded. Counted are the files of `glyph_memory` and of its
integrations that are entered, the pairs of files of which one calls the other, and the pairs that call each other.
Whoever wants to follow a piece of work has to open that many files: fewer are better. *Earlier* is the count before the
house was rearranged in November 2026.

    python benchmarks/walks.py [--files]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import glyph_memory
from glyph_memory import GlyphMemory, OpenAIReader, Turn, typeset
from glyph_memory.nano import NanoReader
from glyph_memory.testing import FakeVLMServer, agent_conversation
from lib.in_langchain import call_middleware, to_message
from lib.in_llama_index import to_chat_message
from lib.report import print_table
from lib.results import ROOT, write_results
from lib.walk import Walk, record_walk

EARLIER = {
    "text to PNG": 16,
    "add": 24,
    "context": 19,
    "read": 10,
    "sealing": 64,
    "transcribe": 19,
    "LangChain middleware": 22,
    "LlamaIndex aget": 24,
}
"""Files, before the rooms were rearranged."""
_PACKAGES = {Path(glyph_memory.__file__).parent: "", ROOT / "integrations": "integrations/"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Walk, print the table, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="Count the source files that pieces of work pass through.")
    parser.add_argument("--quick", action="store_true", help="changes nothing here: this is quick")
    parser.add_argument("--files", action="store_true", help="also print the files, in the order of the walk")
    options = parser.parse_args(given)
    warnings.simplefilter("ignore", DeprecationWarning)
    rows = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        for name, work in prepare_walks(Path(folder), stack):
            walk = walk_through(work)
            rows.append(
                {
                    "walk": name,
                    "files": len(walk.files),
                    "earlier_files": EARLIER[name],
                    "edges": len(walk.edges),
                    "back_and_forth": walk.back_and_forth,
                }
            )
            if options.files:
                print(f"{name}: {' '.join(walk.files)}")
    print_table(
        "source files on the way",
        ["walk", "files", "earlier", "edges", "back and forth"],
        [[*list(row.values())[:4], _name_pairs(row["back_and_forth"])] for row in rows],
    )
    write_results("walks", rows, arguments=[one for one in given if one != "--files"])


def walk_through(work: Callable[[], object]) -> Walk:
    """Return the files that a piece of work passes through."""
    walk, _ = record_walk(work, packages=_PACKAGES)
    return walk


def prepare_walks(folder: Path, stack: ExitStack) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield each piece of work with its name, once all that it needs is there and was used before."""
    typeset("Fonts are loaded once in a process.")
    yield "text to PNG", lambda: [page.png() for page in typeset("One page.\nIts second line.")]

    memory = stack.enter_context(GlyphMemory.open(folder / "short.db"))
    memory.extend(agent_conversation(turns=40))
    yield "add", lambda: memory.add("user", "Who signed the release?")
    yield "context", memory.context
    context = memory.context()

    reader = stack.enter_context(OpenAIReader(stack.enter_context(FakeVLMServer()).base_url))
    yield "read", lambda: reader.read(context)

    turns = agent_conversation(turns=230).turns
    fresh = stack.enter_context(GlyphMemory.open(folder / "long.db"))
    yield "sealing", lambda: (fresh.extend(turns), fresh.context())

    page = typeset("The deploy key of catalogue is ABC-123.\n" * 5)[0]
    NanoReader().transcribe(page)
    yield "transcribe", lambda: NanoReader().transcribe(page)

    said = [  # words alone, so that nothing is sealed yet, as at most calls
        Turn(role="user" if turn.role == "user" else "assistant", text=turn.text or "…") for turn in turns
    ]
    yield "LangChain middleware", _prepare_middleware(said)
    yield "LlamaIndex aget", _prepare_aget(said)


def _prepare_middleware(turns: Sequence[Turn]) -> Callable[[], object]:
    from langchain_glyph_memory import GlyphMemoryMiddleware

    middleware = GlyphMemoryMiddleware("glyph")
    said = [to_message(turn, place) for place, turn in enumerate(turns)]
    return lambda: call_middleware(middleware, said, {})


def _prepare_aget(turns: Sequence[Turn]) -> Callable[[], object]:
    from llama_index.memory.glyph import GlyphMemory as LlamaMemory

    memory = LlamaMemory.from_defaults(profile="glyph")
    memory.put_messages([to_chat_message(turn) for turn in turns])
    return lambda: asyncio.run(memory.aget())


def _name_pairs(pairs: Any) -> str:  # noqa: ANN401 - pairs of file names, from a row of mixed values
    return ", ".join(" / ".join(pair) for pair in pairs) or "none"


if __name__ == "__main__":
    main()
