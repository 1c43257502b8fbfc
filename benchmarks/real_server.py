"""How much of a growing conversation does a real vLLM find in its prefix cache, as the server itself counts it?

A conversation of 60 questions is held through `OpenAIReader` with vLLM on a CPU, which serves a GLM-4.1V of random
weights: its answers mean nothing, its caches and its counts are the real ones. Then the same conversation with
`FakeVLMServer`, once with vLLM's blocks on a CPU, 128 tokens, and once with those on a GPU, 16: so the fake one is held
against the real one, and says what a GPU's blocks would have done.

Needs the servers' environment: python tools/server_env.py. Without it, nothing is measured.

    python benchmarks/real_server.py [--quick]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx2

from glyph_memory import GlyphMemory, ModelProfile, OpenAIReader
from glyph_memory.testing import FakeVLMServer, agent_conversation
from lib.report import print_table
from lib.results import write_results
from lib.servers import ENVIRONMENT, MAX_IMAGES, WINDOW_TOKENS, build_models, open_vllm

CPU_BLOCK_TOKENS = 128
QUESTIONS = 60
_CHARS = 700
"""Of each question, in a row's worth of an agent's history. The tiny model's tokenizer counts bytes."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write the numbers."""
    parser = argparse.ArgumentParser(description="Hold a conversation with a real vLLM; watch its cache.")
    parser.add_argument("--quick", action="store_true", help="12 questions")
    given = sys.argv[1:] if arguments is None else list(arguments)
    questions = 12 if parser.parse_args(given).quick else QUESTIONS
    if not (ENVIRONMENT / "built").exists():
        print("not measured: the servers are not installed. Run: python tools/server_env.py")
        return
    profile = load_profile()
    rows = []
    with (
        tempfile.TemporaryDirectory() as folder,
        open_vllm("glm4v", served_as="glyph", log=Path(folder) / "log") as root,
    ):
        version = httpx2.get(f"{root}/version").json()["version"]
        rows.append(
            {"server": f"vLLM {version}, on a CPU", "block_tokens": CPU_BLOCK_TOKENS}
            | hold_conversation(f"{root}/v1", profile, questions=questions)
        )
    for block_tokens in (CPU_BLOCK_TOKENS, 16):
        with open_fake(profile, block_tokens=block_tokens) as server:
            rows.append(
                {"server": "FakeVLMServer", "block_tokens": block_tokens}
                | hold_conversation(server.base_url, profile, questions=questions)
            )
    shown: list[list[object]] = [
        [
            *(row["server"], row["block_tokens"], row["prompt_tokens"], row["cached_tokens"]),
            *(row["image_tokens"], f"{row['share']:.3f}"),
        ]
        for row in rows
    ]
    print_table(
        f"a conversation of {questions} questions",
        ["server", "block", "prompt tokens", "cached", "image tokens", "share"],
        shown,
    )
    write_results("real_server", {"questions": questions, "servers": rows}, arguments=given)


def load_profile() -> ModelProfile:
    """Return Glyph's profile with the tiny model's tokenizer."""
    return ModelProfile.from_name("glyph").with_tokenizer(build_models() / "glm4v")


def open_fake(profile: ModelProfile, *, block_tokens: int) -> FakeVLMServer:
    """Return a fake server that counts as the tiny model does."""
    return FakeVLMServer(
        answer=lambda request: "ab",
        window_tokens=WINDOW_TOKENS["glm4v"],
        max_images=MAX_IMAGES,
        image_tokens=profile.image_tokens,
        text_tokens=profile.text_counter.count,
        block_tokens=block_tokens,
    )


def hold_conversation(base_url: str, profile: ModelProfile, *, questions: int) -> dict[str, int | float]:
    """Ask a server question after question, with everything before it; return what it counted, all in all."""
    history = "\n".join(turn.text for turn in agent_conversation(turns=10 * questions) if turn.text)
    prompt = cached = images = 0
    window = WINDOW_TOKENS["glm4v"]
    with (
        GlyphMemory.open(":memory:", profile=profile, window_tokens=window) as memory,
        OpenAIReader(base_url, max_tokens=2, timeout_s=600.0) as reader,
    ):
        memory.add("system", "You are the on-call agent of a web shop.")
        for place in range(questions):
            memory.add("user", history[place * _CHARS : (place + 1) * _CHARS])
            reading = reader.read(memory.context())
            memory.add("assistant", "I have read it.")
            prompt += reading.usage.prompt_tokens or 0
            cached += reading.usage.cached_tokens or 0
            images += reading.usage.image_tokens or 0
    return {
        "prompt_tokens": prompt,
        "cached_tokens": cached,
        "image_tokens": images,
        "share": cached / prompt,
    }


if __name__ == "__main__":
    main()
