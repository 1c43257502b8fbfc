"""One bundle of page options for all of the adapter, as a value or as keywords, and as fields that JSON keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from llama_index.llms.openai_like import OpenAILike
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
from glyph_memory import (
    GlyphMemoryWarning,
    LetterCounts,
    ModelProfile,
    PageOptions,
    PageStyle,
    PolicyError,
    ProfileError,
    ReadingLimits,
    StyleError,
)

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


def test_an_llms_name_says_which_model_reads_and_its_window_how_much() -> None:
    """Of any LLM; a profile that is given counts, and one that contradicts the name is told."""
    llm = OpenAILike(model="OpenGVLab/InternVL3-8B", context_window=8192, is_chat_model=True, api_key="x")
    memory = GlyphMemory.from_defaults(llm=llm)
    assert (memory.profile.name, memory.token_limit) == ("internvl3", 8192)
    assert memory.folding(memory.token_limit).binder.policy.window_tokens <= 8192
    assert GlyphMemory.from_store(":memory:", llm=llm).page_options.fold_policy.window_tokens <= 8192
    with pytest.warns(
        GlyphMemoryWarning, match="'internvl3' by its name, and the profile is 'gemma-3'"
    ) as caught:
        assert GlyphMemory.from_defaults(llm=llm, profile="gemma-3").profile.name == "gemma-3"
    assert [warning.filename for warning in caught] == [__file__]  # its caller's line, and none of ours


def test_an_llm_of_which_nothing_is_known_is_taken_for_glyph_with_a_warning(
    recwarn: pytest.WarningsRecorder,
) -> None:
    """One, that says what to give; nobody else is warned."""
    unknown = OpenAILike(model="mine", context_window=8192, is_chat_model=True, api_key="x")
    for make in (GlyphMemory.from_defaults, lambda **given: GlyphMemory.from_store(":memory:", **given)):
        with pytest.warns(
            GlyphMemoryWarning, match="known of the LLM's model 'mine'.*Glyph; give profile="
        ) as caught:
            assert make(llm=unknown).profile.name == "glyph"
        assert [warning.filename for warning in caught] == [__file__]
        for given in ({"profile": "glyph"}, {"options": OPTIONS}, {"profile": OPTIONS.profile}):
            make(llm=unknown, **given)
        make(llm=GlyphOpenAILike(model="served", profile="glyph", api_key="x"))
        make(llm=OpenAILike(model="zai-org/Glyph", context_window=8192, is_chat_model=True, api_key="x"))
        make()
    with glyph_memory.GlyphMemory.open(options=OPTIONS) as conversation:
        GlyphMemory.from_defaults(llm=unknown, memory=conversation)
    assert not recwarn.list


@pytest.mark.parametrize("limit", [1000, 1, 0, -5, True, 2000.5, "many"])
def test_a_limit_that_is_too_small_is_named_and_so_is_the_least(limit: Any) -> None:
    """Before anything is made of it."""
    llm = OpenAILike(model="glyph", context_window=8192, is_chat_model=True, api_key="x")
    for given in ({}, {"llm": llm}):
        for make in (GlyphMemory.from_defaults, lambda **more: GlyphMemory.from_store(":memory:", **more)):
            with pytest.raises(
                PolicyError, match=rf"^token_limit={limit!r} is .* 1,024 tokens or more"
            ) as caught:
                make(token_limit=limit, **given)
            assert "\n" not in str(caught.value)
    assert GlyphMemory.from_defaults(token_limit=1024, llm=llm).get() == []
    assert GlyphMemory.from_store(":memory:", token_limit=1024).get() == []


def test_a_window_is_an_option_like_others() -> None:
    """As a keyword everywhere, in JSON, narrowed by what an LLM says."""
    memory = GlyphMemory.from_defaults(window_tokens=8192)
    assert memory.window_tokens == 8192
    assert memory.folding().binder.policy.window_tokens <= 8192
    assert GlyphMemory.from_dict(json.loads(json.dumps(memory.to_dict()))).page_options == memory.page_options
    llm = GlyphOpenAILike(model="glyph", window_tokens=8192, api_key="x")
    assert llm.metadata.context_window == 8192
    assert llm.folding().binder.policy.window_tokens <= 8192
    assert (
        GlyphOpenAILike(model="glyph", window_tokens=8192, context_window=4096, api_key="x").window_tokens
        == 4096
    )
    (block,) = GlyphMemoryBlock.memory(window_tokens=32_768, token_limit=8192).memory_blocks
    assert isinstance(block, GlyphMemoryBlock)
    assert block.folding().binder.policy.window_tokens <= 32_768 - 8192


@pytest.mark.parametrize(
    "profile",
    [
        replace(ModelProfile.from_name("glyph"), window_tokens=32_768),
        replace(ModelProfile.from_name("llava-onevision"), name="mine", special_tokens=("<x>",)),
        *(replace(ModelProfile.from_name(name), max_images=7) for name in ModelProfile.names()),
    ],
    ids=lambda profile: profile.name,
)
def test_a_profile_of_ones_own_survives_json(profile: ModelProfile) -> None:
    """As a workflow's context does on its second run."""
    memory = GlyphMemory.from_defaults(profile=profile)
    assert GlyphMemory.from_dict(json.loads(json.dumps(memory.to_dict()))).profile == profile


@pytest.mark.parametrize(
    "told",
    [
        {"name": "x", "image_rule": {"rule": "NoRule"}},
        {"name": "x", "image_rule": {"rule": "FlatRule", "y": 1}},
    ],
)
def test_json_that_is_no_profile_is_refused_in_one_line(told: dict[str, Any]) -> None:
    """With what it was."""
    with pytest.raises(
        ProfileError, match=r"no model profile can be made of|no image rule 'NoRule'"
    ) as caught:
        GlyphMemory.from_defaults(profile=told)  # type: ignore[arg-type]  # which is the point
    assert "\n" not in str(caught.value)


def test_a_calibration_is_an_option_that_json_keeps(tmp_path: Path) -> None:
    """As a value, a file or JSON; it gives pages their style, and refuses a denser one."""
    read = PageStyle(font_size_pt=10, line_height_pt=12)
    letters = LetterCounts(alone=(("0", 90, 3),), words=(500, 1))
    limits = ReadingLimits(profile="glyph", floor=0.98, style=read, letters=letters)
    memory = GlyphMemory.from_defaults(calibration=limits)
    assert memory.page_options.page_style == read
    told = json.loads(json.dumps(memory.to_dict()))
    assert GlyphMemory.from_dict(told).page_options == memory.page_options
    profile = ModelProfile.from_name("glyph").with_calibration(limits)
    assert GlyphMemory.from_defaults(profile=profile).page_options == memory.page_options
    direct = GlyphMemory(profile=profile)
    assert GlyphMemory.from_dict(json.loads(json.dumps(direct.to_dict()))).page_options == memory.page_options
    file = tmp_path / "calibration.json"
    file.write_text(json.dumps(limits.to_json()))
    assert GlyphMemory.from_defaults(calibration=str(file)).page_options == memory.page_options
    assert PageNodeParser(calibration=file, pages_dir=tmp_path / "pages").style == read
    assert PagePostprocessor(calibration=limits).style == read
    with pytest.raises(StyleError, match="letters of 9 px are smaller than 10 px"):
        GlyphMemory.from_defaults(calibration=limits, style="glyph")
