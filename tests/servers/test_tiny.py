"""What `glyph-memory train tiny` writes is served as it is, by vLLM and by `transformers serve`.

The same code assembles and writes a smaller one here, with weights so large that greedy answers differ by prompt. Both
servers write what this process writes with transformers, token by token.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from glyph_memory import Context, ImagePart, Message, ModelProfile, OpenAIReader, TransformersReader, typeset
from glyph_memory.readers import Reading
from glyph_memory.training.tiny import CellLayout, TowerShape
from glyph_memory.training.tiny.assemble import assemble_model, load_language_model, save_model
from lib.servers import open_transformers, open_vllm_folder
from tests.servers.starting import skip_where_none_starts
from tests.training.tiny.llamas import write_llama

WINDOW = 2048
ANSWER_TOKENS = 24
HEAD = 64
"""The width of a head in both halves of the real one; vLLM's kernels take few others."""
_SPREAD = 2.0
"""Times the usual size of weights: answers of so small a net then hang on each letter of a prompt."""
FACTS = "The code of harbor is K-4417. For the station, the port is 8092. "
QUESTION = "What is the code of harbor?"


def draw_pages(text: str, layout: CellLayout) -> list[ImagePart]:
    """Return a text's pages, each one row of cells."""
    return [
        ImagePart(data=page.png(), size=page.size, kind="page") for page in typeset(text, style=layout.style)
    ]


def say(*parts: ImagePart | str) -> Context:
    """Return one user's message."""
    return Context(messages=(Message(role="user", parts=parts),))


SHORT = draw_pages(FACTS, CellLayout(columns=6))
WIDE = draw_pages(FACTS.replace(" ", "-") * 12, CellLayout(columns=4))  # a word longer than a page fills it
DENSE = draw_pages(FACTS * 3, CellLayout(columns=8, lines=2, cells=9))
CONTEXTS = {
    "text": say(QUESTION),
    "another text": say("What is the port of the station?"),
    "text with instructions": Context(
        messages=(Message(role="system", parts=("Be brief.",)), Message(role="user", parts=(QUESTION,)))
    ),
    "a page": say(*SHORT, QUESTION),
    "another page": say(*draw_pages(FACTS.replace("4417", "4471"), CellLayout(columns=6)), QUESTION),
    "a page and another question": say(*SHORT, "What is the port of the station?"),
    "a page of 190 cells": say(WIDE[0], QUESTION),
    "several pages": say(*DENSE, QUESTION),
    "pages with text between": say(SHORT[0], " or ", DENSE[0], QUESTION),
    "a conversation": Context(
        messages=(
            Message(role="user", parts=(SHORT[0], QUESTION)),
            Message(role="assistant", parts=("K-4417",)),
            Message(role="user", parts=("And the port?",)),
        )
    ),
}


@pytest.fixture(scope="module")
def model(_are_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a model as the training does; return its folder.

    Only printable characters are ever written, so that equal texts are equal tokens.
    """
    given, tokenizer = load_language_model(
        write_llama(tmp_path_factory.mktemp("llama"), hidden=2 * HEAD, heads=2)
    )
    tower = TowerShape(depth=2, hidden=2 * HEAD, heads=2, intermediate=192)
    made = assemble_model(given, tokenizer, tower)
    torch.manual_seed(1)
    with torch.no_grad():
        for weights in made.parameters():
            if weights.ndim > 1:
                weights.normal_(0, _SPREAD * weights[0].numel() ** -0.5)
        ids, table = tokenizer.get_vocab(), made.get_input_embeddings().weight
        printable = torch.tensor([ids[chr(code)] for code in range(33, 127)])
        faint = torch.ones(len(table), dtype=torch.bool).index_fill(0, printable, value=False)
        table[faint] /= 16
    return save_model(made, tokenizer, tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="module")
def local(model: Path) -> dict[str, Reading]:
    """Return what this process reads, by context."""
    options = {"device": "cpu", "dtype": "float32", "max_tokens": ANSWER_TOKENS}
    with TransformersReader(model, **options) as reader:  # type: ignore[arg-type]  # by keyword
        return {name: reader.read(context) for name, context in CONTEXTS.items()}


@pytest.fixture(scope="module")
def vllm_tiny(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAIReader]:
    """Serve it by vLLM; return a reader."""
    log = tmp_path_factory.mktemp("vllm") / "log"
    with (
        skip_where_none_starts(),
        open_vllm_folder(model, window_tokens=WINDOW, served_as="tiny", log=log) as root,
        OpenAIReader(f"{root}/v1", max_tokens=ANSWER_TOKENS, timeout_s=300.0) as reader,
    ):
        yield reader


@pytest.fixture(scope="module")
def transformers_tiny(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAIReader]:
    """Serve it by `transformers serve`; return a reader."""
    log = tmp_path_factory.mktemp("transformers") / "log"
    with (
        skip_where_none_starts(),
        open_transformers(model, log=log) as root,
        OpenAIReader(f"{root}/v1", max_tokens=ANSWER_TOKENS, timeout_s=300.0) as reader,
    ):
        yield reader


@pytest.fixture(params=["vllm_tiny", "transformers_tiny"])
def served(request: pytest.FixtureRequest) -> OpenAIReader:
    """Return readers of both servers, one after the other."""
    reader: OpenAIReader = request.getfixturevalue(request.param)
    return reader


def test_every_prompt_has_an_answer_of_its_own(local: dict[str, Reading]) -> None:
    """Else equal answers would show nothing; and each character of them is a token."""
    assert len({reading.text for reading in local.values()}) == len(CONTEXTS)
    assert {len(reading.text) for reading in local.values()} == {ANSWER_TOKENS}


@pytest.mark.parametrize("name", CONTEXTS)
def test_a_server_writes_what_transformers_writes(
    served: OpenAIReader, local: dict[str, Reading], name: str
) -> None:
    """Token by token, from the same tokens."""
    reading = served.read(CONTEXTS[name])
    assert reading.text == local[name].text
    assert reading.usage.prompt_tokens == local[name].usage.prompt_tokens
    assert reading.usage.completion_tokens == ANSWER_TOKENS


@pytest.mark.parametrize("page", [SHORT[0], WIDE[0], DENSE[0]], ids=lambda page: str(page.size))
def test_a_page_costs_what_the_profile_says(served: OpenAIReader, page: ImagePart) -> None:
    """A cell is a token; two stand around a page."""
    profile = ModelProfile.from_name("qwen2.5-vl")
    shown, bare = (served.read(say(*pages, QUESTION)).usage for pages in ((page,), ()))
    assert (shown.prompt_tokens or 0) - (bare.prompt_tokens or 0) == profile.image_tokens(page.size)
    assert profile.image_tokens(page.size, wrapped=False) == page.size[0] // 28
    assert shown.image_tokens in (None, page.size[0] // 28)  # transformers serve does not tell it
