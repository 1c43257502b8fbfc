"""What of a Llama has no place in Qwen2.5-VL's text half is refused by name, and so is what is not whole."""

# mypy: allow-untyped-calls

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

from glyph_memory.training import TrainingError
from glyph_memory.training.tiny.assemble import load_language_model

_SCALED = {
    "rope_type": "llama3", "rope_theta": 10_000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 1_024,
}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"tie_word_embeddings": False}, "output weights of its own"),
        ({"attention_bias": True}, "attention_bias"),
        ({"mlp_bias": True}, "mlp_bias"),
        ({"hidden_act": "gelu"}, "'gelu'"),
        ({"head_dim": 16}, "heads of width 16"),
        ({"rope_parameters": _SCALED}, "'llama3'"),
    ],
)
def test_a_llama_that_would_say_something_else_is_refused(
    llama: Path, tmp_path: Path, fields: Mapping[str, object], named: str
) -> None:
    """Else a part of it would be left out without a word."""
    folder = shutil.copytree(llama, tmp_path / "llama")
    told = LlamaConfig.from_pretrained(llama).to_dict() | dict(fields)
    LlamaForCausalLM(LlamaConfig(**told)).save_pretrained(folder)
    with pytest.raises(TrainingError, match=named):
        load_language_model(folder)


def test_a_llama_without_some_of_its_weights_is_refused(llama: Path, tmp_path: Path) -> None:
    """They would be drawn at random."""
    folder = shutil.copytree(llama, tmp_path / "llama")
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.0.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(TrainingError, match=r"weights are missing in .*, 'model\.layers\.0\.mlp\.up_proj"):
        load_language_model(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b"junk"),
        ("config.json", b"[]"),
        ("tokenizer.json", b"{}"),
        ("config.json", b"\xff"),
    ],
)
def test_a_file_of_another_shape_is_told_in_one_line(
    llama: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    """Whatever library stumbles over it."""
    folder = shutil.copytree(llama, tmp_path / "llama")
    (folder / name).write_bytes(content)
    with pytest.raises(TrainingError, match="no language model can be read"):
        load_language_model(folder)


def test_a_gguf_file_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    """Cut off after its first letters."""
    (tmp_path / "model.gguf").write_bytes(b"GGUFjunk")
    with pytest.raises(TrainingError, match="no language model can be read"):
        load_language_model(tmp_path)
