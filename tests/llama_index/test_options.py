"""One bundle of page options for all of the adapter, as a value or as keywords, and as fields that JSON keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from llama_index.memory.glyph import (
    GlyphChatStore,
    GlyphMemory,
    GlyphMemoryBlock,
    GlyphOpenAILike,
    PageNodeParser,
    PagePostprocessor,
    PagePromptHelper,
)

import glyph_memory
from glyph_memory import ModelProfile, PageOptions, PageStyle

OPTIONS = PageOptions(profile="qwen3-vl", style="dark", captions="page")
DARK = PageStyle.dark().with_snap_px(32)


def test_a_memory_takes_the_bundle_and_a_keyword_wins() -> None:
    """However it is made."""
    assert GlyphMemory.from_defaults(options=OPTIONS).page_options == OPTIONS
    assert GlyphMemory(options=OPTIONS).page_options == OPTIONS  # type: ignore[call-arg]  # a validator takes it
    assert GlyphMemory.from_defaults(options=OPTIONS, style="code").page_options.style == "code"
    assert GlyphMemory.from_store(":memory:", options=OPTIONS).page_options == OPTIONS
    assert GlyphChatStore(options=OPTIONS, captions="text").captions == "text"  # type: ignore[call-arg]  # a validator takes it


def test_a_memory_takes_its_llms_options_unless_it_is_given_its_own() -> None:
    """They would fold in two ways else."""
    llm = GlyphOpenAILike(model="served", options=OPTIONS, api_key="none")
    assert llm.page_options.style == "dark"
    assert llm.profile.name == "qwen3-vl"
    assert GlyphMemory.from_defaults(llm=llm, captions="text").page_options == PageOptions.merge(
        llm.page_options, {"captions": "text"}
    )
    assert GlyphMemory.from_defaults(llm=llm, options=PageOptions()).style is None


def test_a_memory_over_an_open_conversation_has_its_options() -> None:
    """Captions, too."""
    with glyph_memory.GlyphMemory.open(options=OPTIONS) as conversation:
        assert GlyphMemory.from_defaults(memory=conversation).page_options == OPTIONS


def test_options_survive_json() -> None:
    """A name stays a name, a style its parameters."""
    for style in ("dark", PageStyle.code(), None):
        memory = GlyphMemory.from_defaults(options=OPTIONS, style=style)
        told = json.loads(json.dumps(memory.to_dict()))
        assert "options" not in told
        assert GlyphMemory.from_dict(told).page_options == memory.page_options


def test_a_block_and_what_sets_documents_take_the_bundle(tmp_path: Path) -> None:
    """A preset gets the model's sides; page files go to the options' folder."""
    (block,) = GlyphMemoryBlock.memory(options=OPTIONS, token_limit=9000).memory_blocks
    assert isinstance(block, GlyphMemoryBlock)
    assert block.page_options == OPTIONS
    parser = PageNodeParser(options=OPTIONS, pages=tmp_path)
    assert (parser.style, parser.pages_dir) == (DARK, str(tmp_path))
    assert PageNodeParser(options=OPTIONS, pages=tmp_path, pages_dir=tmp_path / "own").pages_dir == str(
        tmp_path / "own"
    )
    assert PagePostprocessor(options=OPTIONS).style == DARK
    assert PagePromptHelper(options=OPTIONS).profile == ModelProfile.from_name("qwen3-vl")


@pytest.mark.parametrize(
    "take",
    [
        GlyphMemory.from_defaults,
        lambda **wrong: GlyphMemory.from_store(":memory:", **wrong),
        lambda **wrong: GlyphOpenAILike("glyph", api_key="none", **wrong),
        PageNodeParser,
        PagePostprocessor,
    ],
)
def test_a_misspelled_keyword_is_named(take: Any) -> None:
    """Pydantic would drop it without a word."""
    with pytest.raises(TypeError, match=r"unexpected keyword 'stile'; page options are "):
        take(stile="dark")


def test_none_is_what_was_not_given() -> None:
    """LlamaIndex's own memories take it so."""
    unset: dict[str, Any] = {"profile": None, "captions": None, "policy": None, "style": None}
    assert GlyphMemory.from_defaults(**unset).page_options == PageOptions()
    assert GlyphMemory.from_store(":memory:", **unset).page_options == PageOptions()
    assert GlyphMemory.from_defaults(options=OPTIONS, profile=None).page_options == OPTIONS  # type: ignore[arg-type]  # as above
