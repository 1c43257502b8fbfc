"""What is loaded for training, what of it is trained, and what is refused in one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from glyph_memory.testing import TinyFamily
from glyph_memory.training import TrainingError
from glyph_memory.training.models import LoraSettings, ModelSettings, load_trainable, save_trained

Tiny = Callable[..., Path]


def _copy(tiny: Path, to: Path) -> Path:
    return Path(shutil.copytree(tiny, to / "model"))


def _edit(file: Path, **changes: object) -> None:
    read = json.loads(file.read_text())
    read.update(changes)
    file.write_text(json.dumps({name: value for name, value in read.items() if value is not None}))


def _list_trained(model: torch.nn.Module) -> list[str]:
    return [name for name, one in model.named_parameters() if one.requires_grad]


def test_lora_trains_small_matrices_of_the_text_tower_alone(tiny_model: Tiny, family: TinyFamily) -> None:
    """Neither the weights themselves nor anything that sees is touched."""
    trainable = load_trainable(tiny_model(family), ModelSettings(lora=LoraSettings(rank=2)))
    trained = _list_trained(trainable.model)
    assert trained
    assert all("lora_" in name for name in trained)
    assert not any("visual" in name for name in trained)


def test_lora_of_the_vision_tower_is_trained_where_that_is_asked_for(tiny_model: Tiny) -> None:
    """`trains_vision` adds it to the text tower's."""
    trainable = load_trainable(tiny_model(), ModelSettings(lora=LoraSettings(rank=2), trains_vision=True))
    trained = _list_trained(trainable.model)
    assert any("visual" in name for name in trained)
    assert any("language_model" in name for name in trained)


def test_a_whole_model_is_trained_with_what_sees_or_without(tiny_model: Tiny) -> None:
    """Without, every weight outside the vision tower is trained."""
    without = _list_trained(load_trainable(tiny_model(), ModelSettings(lora=None)).model)
    whole = _list_trained(load_trainable(tiny_model(), ModelSettings(lora=None, trains_vision=True)).model)
    assert set(without) == {name for name in whole if "visual" not in name}
    assert len(whole) > len(without)


def test_matrices_begin_the_same_with_the_same_seed(tiny_model: Tiny) -> None:
    """And other ones with another."""
    first, same, other = (
        load_trainable(tiny_model(), ModelSettings(lora=LoraSettings(rank=2), seed=seed)).model.state_dict()
        for seed in (1, 1, 2)
    )
    name = next(name for name in first if "lora_A" in name)
    assert torch.equal(first[name], same[name])
    assert not torch.equal(first[name], other[name])


def test_targets_that_are_no_layers_are_refused(tiny_model: Tiny) -> None:
    """They are named."""
    with pytest.raises(TrainingError, match="no_such_proj"):
        load_trainable(tiny_model(), ModelSettings(lora=LoraSettings(targets=("no_such_proj",))))


def test_a_model_without_vision_is_refused(tiny_model: Tiny, tmp_path: Path) -> None:
    """A text model cannot learn to read pages."""
    folder = _copy(tiny_model(), tmp_path)
    text = json.loads((folder / "config.json").read_text())["text_config"]
    (folder / "config.json").write_text(
        json.dumps({**text, "model_type": "glm4", "architectures": ["Glm4ForCausalLM"]})
    )
    with pytest.raises(TrainingError, match=r"takes no images.* Give a vision-language model"):
        load_trainable(folder)


def test_weights_of_another_architecture_are_refused(tiny_model: Tiny, tmp_path: Path) -> None:
    """What is not found would begin at random, and nothing would stop anybody."""
    folder = _copy(tiny_model("glm4v"), tmp_path)
    shutil.copyfile(tiny_model("qwen2.5-vl") / "model.safetensors", folder / "model.safetensors")
    with pytest.raises(TrainingError, match="weights of 'model'"):
        load_trainable(folder)


def test_weights_that_are_not_whole_are_refused(tiny_model: Tiny, tmp_path: Path) -> None:
    """One tensor that is missing is enough."""
    folder = _copy(tiny_model(), tmp_path)
    tensors = load_file(folder / "model.safetensors")
    lost = next(name for name in tensors if "q_proj" in name)
    del tensors[lost]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(TrainingError, match=r"lack 1 of the model's tensors, .*q_proj"):
        load_trainable(folder)


def test_a_model_without_a_chat_template_is_refused(tiny_model: Tiny, tmp_path: Path) -> None:
    """Nobody could say where a prompt ends."""
    folder = _copy(tiny_model(), tmp_path)
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(TrainingError, match="no chat template"):
        load_trainable(folder)


def test_a_model_without_a_pad_token_is_refused(tiny_model: Tiny, tmp_path: Path) -> None:
    """With the line that is missing."""
    folder = _copy(tiny_model(), tmp_path)
    _edit(folder / "tokenizer_config.json", pad_token=None)
    with pytest.raises(TrainingError, match=r'no pad token.*"pad_token"'):
        load_trainable(folder)


def test_a_broken_setting_is_refused() -> None:
    """Before anything is loaded."""
    wrong: list[dict[str, Any]] = [{"dtype": "float16"}, {"lora": 3}, {"seed": -1}]
    for settings in wrong:
        with pytest.raises(TrainingError):
            ModelSettings(**settings)
    with pytest.raises(TrainingError, match="rank=0"):
        LoraSettings(rank=0)


def test_a_saved_model_is_loaded_as_the_one_it_was_made_from(tiny_model: Tiny, tmp_path: Path) -> None:
    """With the weights that it had, its tokenizer and its processor."""
    trainable = load_trainable(tiny_model(), ModelSettings(lora=None))
    with torch.no_grad():
        trainable.loaded.model.lm_head.weight.mul_(2)
    saved = save_trained(trainable, tmp_path / "saved")
    again = load_trainable(saved, ModelSettings(lora=None))
    before, after = trainable.model.state_dict(), again.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    with pytest.raises(TrainingError, match="there already"):
        save_trained(trainable, saved)


def test_a_saved_adapter_is_loaded_beside_its_model(tiny_model: Tiny, tmp_path: Path) -> None:
    """By peft, as anybody would."""
    from peft import PeftModel
    from transformers import AutoModelForImageTextToText

    trainable = load_trainable(tiny_model(), ModelSettings(lora=LoraSettings(rank=2)))
    saved = save_trained(trainable, tmp_path / "adapter")
    base = AutoModelForImageTextToText.from_pretrained(tiny_model())
    again = PeftModel.from_pretrained(base, saved)
    mine = {name: one for name, one in trainable.model.state_dict().items() if "lora_" in name}
    theirs = again.state_dict()
    assert mine
    assert all(torch.equal(one, theirs[name]) for name, one in mine.items())
