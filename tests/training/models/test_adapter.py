"""An adapter's folder, as fine-tuning leaves it, is trained on and read as the model that it makes of the one below."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from glyph_memory.errors import ReaderRefused
from glyph_memory.readers.local.adapter import find_adapter
from glyph_memory.readers.local.loading import load_model
from glyph_memory.training import TrainingError
from glyph_memory.training.models import LoraSettings, ModelSettings, load_trainable, save_trained

Tiny = Callable[..., Path]
LORA = ModelSettings(lora=LoraSettings(rank=2), device="cpu")
USUAL = ModelSettings(device="cpu")


@pytest.fixture(scope="module")
def adapter(tiny_model: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an adapter whose matrices do something."""
    trainable = load_trainable(tiny_model(), LORA)
    with torch.no_grad():
        for name, one in trainable.model.named_parameters():
            if "lora_B" in name:
                one.fill_(0.05)
    return save_trained(trainable, tmp_path_factory.mktemp("adapters") / "taught")


def test_an_adapter_is_trained_on_and_put_on_the_same_model(
    adapter: Path, tiny_model: Tiny, tmp_path: Path
) -> None:
    """Its matrices go on where they were, and no others are trained; its rank is its own."""
    trainable = load_trainable(adapter, USUAL)
    trained = {name: one.detach() for name, one in trainable.model.named_parameters() if one.requires_grad}
    assert trained
    assert all(
        float(one.min()) == float(one.max()) == pytest.approx(0.05)
        for name, one in trained.items()
        if "_B" in name
    )
    assert all(min(one.shape) == 2 for one in trained.values())
    saved = save_trained(trainable, tmp_path / "more")
    told = json.loads((saved / "adapter_config.json").read_text())
    assert told["base_model_name_or_path"] == str(tiny_model().resolve())


def test_an_adapter_tells_where_its_model_is_from_everywhere(
    tiny_model: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that was given as it is called from here is not looked for there."""
    monkeypatch.chdir(tiny_model().parent)
    saved = save_trained(load_trainable(tiny_model().name, LORA), tmp_path / "adapter")
    monkeypatch.chdir(tmp_path)
    assert load_trainable(saved, USUAL).trained_parameters > 0


def test_a_reader_gets_the_model_with_the_adapter_merged_in(adapter: Path, tiny_model: Tiny) -> None:
    """As peft merges it, under a name and a fingerprint of its own."""
    from peft import PeftModel

    base = load_model(tiny_model(), device="cpu", dtype="float32")
    named = base.fingerprint
    merged: Any = PeftModel.from_pretrained(base.model, adapter)
    right = merged.merge_and_unload().state_dict()
    loaded = load_model(adapter, device="cpu", dtype="float32")
    mine = loaded.model.state_dict()
    assert mine.keys() == right.keys()
    assert all(torch.equal(mine[name], right[name]) for name in right)
    assert not any(one.requires_grad for one in loaded.model.parameters())
    assert loaded.name == "taught"
    assert loaded.fingerprint != named


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (ModelSettings(lora=None), r"is an adapter, and all weights are to be trained.*merge_and_unload"),
        (ModelSettings(lora=LoraSettings(rank=3)), "has rank=2, and 3 is asked for"),
        (ModelSettings(lora=LoraSettings(targets=("q_proj",))), r"targets=\('q_proj',\) are asked for"),
        (ModelSettings(trains_vision=True), "has no layers of what sees"),
    ],
)
def test_an_adapter_is_not_trained_as_what_it_is_not(
    adapter: Path, settings: ModelSettings, said: str
) -> None:
    """Each with what to do instead."""
    with pytest.raises(TrainingError, match=said):
        load_trainable(adapter, settings)


def test_an_adapter_that_is_not_whole_is_refused(adapter: Path, tiny_model: Tiny, tmp_path: Path) -> None:
    """Without its weights, without its model, on another one, or on one that is quantized."""
    with pytest.raises(ReaderRefused, match="quantization='8bit' cannot take in"):
        find_adapter(adapter, quantization="8bit")
    for number, (base, said) in enumerate(
        (
            ("/no/such/model", "which is not there"),
            (None, "base_model_name_or_path=None"),
            (str(tiny_model("qwen3-vl")), "does not fit"),
        )
    ):
        copy = Path(shutil.copytree(adapter, tmp_path / str(number)))
        config = copy / "adapter_config.json"
        config.write_text(json.dumps({**json.loads(config.read_text()), "base_model_name_or_path": base}))
        with pytest.raises(ReaderRefused, match=said):
            load_model(copy, device="cpu")
        with pytest.raises(TrainingError, match=said):
            load_trainable(copy, USUAL)
    bare = Path(shutil.copytree(adapter, tmp_path / "bare"))
    (bare / "adapter_model.safetensors").unlink()
    with pytest.raises(TrainingError, match=r"no adapter_model\.safetensors"):
        load_trainable(bare, USUAL)
