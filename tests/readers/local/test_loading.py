"""A model is loaded from its folder as transformers loads it; whatever is wrong is one line that says what to do."""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import json
import logging
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoImageProcessor, AutoModelForImageTextToText
from transformers.utils import logging as spoken

from glyph_memory.errors import (
    GlyphMemoryError,
    ReaderError,
    ReaderOverflow,
    ReaderRefused,
    ReaderUnavailable,
)
from glyph_memory.readers.local import extra, folder, hardware, loading
from glyph_memory.readers.local.architecture import find_whole_modules, read_config
from glyph_memory.readers.local.folder import find_folder
from glyph_memory.readers.local.loading import load_model
from glyph_memory.testing import TinyFamily, build_tiny_model

Models = Callable[..., Path]


@pytest.fixture
def copied(tiny_model: Models, tmp_path: Path) -> Path:
    """Copy the tiny GLM-4.1V, to break something in it."""
    return Path(shutil.copytree(tiny_model("glm4v"), tmp_path / "model"))


def change_json(file: Path, **fields: object) -> None:
    """Write fields into a JSON file; None removes one."""
    held: dict[str, Any] = json.loads(file.read_text("utf-8")) | fields
    file.write_text(json.dumps({key: value for key, value in held.items() if value is not None}), "utf-8")


def refuse(model: str | Path, **options: Any) -> str:
    """Return the one line that loading a model fails with."""
    with pytest.raises(ReaderError) as caught:
        load_model(model, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_says_what_its_model_is(tiny_model: Models) -> None:
    """Stops, window, image token and attention come from its files."""
    loaded = load_model(tiny_model("glm4v"))
    ids = loaded.tokenizer.get_vocab()
    assert loaded.name == "glm4v" and loaded.window_tokens == 131_072
    assert loaded.stop_ids == {
        ids[one] for one in ("<|endoftext|>", "<|user|>", "<|observation|>", "</answer>")
    }
    assert loaded.image_token_id == ids["<|image|>"]
    assert loaded.support.is_direct and not loaded.support.has_deepstack
    assert not any(weights.requires_grad for weights in loaded.model.parameters())
    assert not loaded.model.training
    if not torch.cuda.is_available():
        assert (loaded.device.type, loaded.dtype) in {("cpu", torch.float32), ("mps", torch.float16)}
        assert loaded.attention == {"text": "sdpa", "vision": "sdpa"}


def test_deepstack_is_seen(tiny_model: Models) -> None:
    """Qwen3-VL alone has features of several layers."""
    assert load_model(tiny_model("qwen3-vl"), device="cpu").support.has_deepstack
    assert not load_model(tiny_model("qwen2.5-vl"), device="cpu").support.has_deepstack


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", torch.bfloat16])
def test_a_number_type_is_honoured(tiny_model: Models, dtype: str | torch.dtype) -> None:
    """By name, or as torch has it."""
    loaded = load_model(tiny_model("qwen3-vl"), device="cpu", dtype=dtype)
    assert {weights.dtype for weights in loaded.model.parameters()} == {loaded.dtype}
    assert loaded.dtype == torch.bfloat16 or dtype == "float16"


def test_attention_is_chosen_for_each_tower(tiny_model: Models, family: TinyFamily) -> None:
    """And said as it was taken."""
    loaded = load_model(tiny_model(family), device="cpu", attention={"vision": "eager"})
    assert loaded.attention == {"text": "sdpa", "vision": "eager"}
    assert load_model(tiny_model(family), device="cpu", attention="eager").attention == {
        "text": "eager",
        "vision": "eager",
    }


def test_a_stretched_window_is_counted(tiny_model: Models) -> None:
    """YaRN by four takes four times the tokens, and turns positions otherwise."""
    plain = load_model(tiny_model("qwen3-vl"), device="cpu")
    loaded = load_model(
        tiny_model("qwen3-vl"), device="cpu", rope_parameters={"rope_type": "yarn", "factor": 4.0}
    )
    assert loaded.window_tokens == 4 * 262_144
    rope = loaded.config.get_text_config().rope_parameters
    assert rope["mrope_section"] == plain.config.get_text_config().rope_parameters["mrope_section"]
    ids = torch.arange(40)[None]
    with torch.inference_mode():
        assert not torch.allclose(loaded.model(input_ids=ids).logits, plain.model(input_ids=ids).logits)
    assert loaded.fingerprint != plain.fingerprint


def test_a_fingerprint_tells_models_apart(tiny_model: Models, copied: Path) -> None:
    """Another weight, another config or other numbers are another model; another folder is not."""
    own = load_model(tiny_model("glm4v"), device="cpu").fingerprint
    assert load_model(copied, device="cpu").fingerprint == own
    assert load_model(copied, device="cpu", dtype="bfloat16").fingerprint != own
    file = copied / "model.safetensors"
    weights = load_file(file)
    weights["lm_head.weight"][0, 0] += 1
    save_file(weights, file, metadata={"format": "pt"})
    assert load_model(copied, device="cpu").fingerprint != own


def test_an_older_models_template_is_that_of_its_processor(copied: Path) -> None:
    """The tokenizer's own knows no images there."""
    (copied / "chat_template.jinja").unlink()
    (copied / "chat_template.json").write_text(json.dumps({"chat_template": "of the processor"}), "utf-8")
    assert load_model(copied, device="cpu").tokenizer.chat_template == "of the processor"
    (copied / "chat_template.json").write_text("[]", "utf-8")
    assert "holds no chat template" in refuse(copied)


def test_what_sees_stays_whole_in_a_quantized_model(tiny_model: Models, family: TinyFamily) -> None:
    """By the paths that the model itself has."""
    assert find_whole_modules(read_config(find_folder(tiny_model(family)))) == ["model.visual", "lm_head"]


@pytest.mark.parametrize("quantization", ["4bit", "8bit"])
def test_a_quantized_model_sees_whole(tiny_model: Models, family: TinyFamily, quantization: str) -> None:
    """Its text tower alone is small; it answers, and its fingerprint is another."""
    bitsandbytes = pytest.importorskip("bitsandbytes")
    loaded = load_model(tiny_model(family), device="cpu", quantization=quantization)
    small = (bitsandbytes.nn.Linear4bit, bitsandbytes.nn.Linear8bitLt)
    names = {name for name, module in loaded.model.named_modules() if isinstance(module, small)}
    assert names
    assert all(name.startswith("model.language_model.") for name in names)
    with torch.inference_mode():
        assert loaded.model(input_ids=torch.arange(40)[None]).logits.isfinite().all()
    assert loaded.quantization == quantization
    assert loaded.fingerprint != load_model(tiny_model(family), device="cpu").fingerprint


@pytest.fixture
def loud() -> Iterator[None]:
    """Let transformers say what it likes, and put its level back."""
    level = spoken.get_verbosity()
    spoken.set_verbosity_info()
    yield
    spoken.set_verbosity(level)


@pytest.mark.usefixtures("loud")
def test_loading_is_quiet(copied: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing of transformers reaches the terminal, and afterwards it speaks as before, also after an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_model(copied, device="cpu")
    (copied / "tokenizer.json").write_text("{}", "utf-8")
    refuse(copied)
    assert capfd.readouterr() == ("", "")
    assert (spoken.get_verbosity(), spoken.is_progress_bar_enabled()) == (logging.INFO, True)


# What can be wrong with a folder.


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Nor is it looked for on the hub."""
    assert f"there is no folder {str(tmp_path / 'none')!r}" in refuse(tmp_path / "none")
    assert "there is no folder 'glyph'" in refuse("glyph")
    assert "is a file; give the folder" in refuse(__file__)


def test_gguf_weights_are_read_by_another_server(tmp_path: Path) -> None:
    """The line names it, for a file and for a folder."""
    (tmp_path / "model-Q4.gguf").write_bytes(b"GGUF")
    assert "which llama.cpp reads" in refuse(tmp_path / "model-Q4.gguf")
    assert "llama-server -m" in refuse(tmp_path)


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("config.json", "has no config.json"),
        ("model.safetensors", "has no weights"),
        ("tokenizer.json", "has no tokenizer"),
        ("preprocessor_config.json", "has no image processor"),
        ("chat_template.jinja", "has no chat template"),
    ],
)
def test_a_file_that_is_missing(copied: Path, missing: str, said: str) -> None:
    """The line names it, before a weight is read."""
    (copied / missing).unlink()
    assert said in refuse(copied)


@pytest.mark.parametrize(
    ("broken", "content", "said"),
    [
        ("config.json", b"{", "config.json' cannot be read"),
        ("config.json", b"[]", "no object"),
        ("config.json", b"\xff\xfe", "cannot be read"),
        ("tokenizer.json", b"{", "the tokenizer of 'model' cannot be loaded"),
        ("preprocessor_config.json", b"{", "the image processor of 'model' cannot be loaded"),
        ("model.safetensors", b"", "cut off or no safetensors"),
        ("model.safetensors", b"\x08\x00\x00\x00\x00\x00\x00\x00{       ", "its header cannot be read"),
        ("model.safetensors", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    ],
)
def test_a_file_that_is_broken(copied: Path, broken: str, content: bytes, said: str) -> None:
    """The line names it."""
    (copied / broken).write_bytes(content)
    assert said in refuse(copied)


def test_weights_that_are_cut_off(copied: Path) -> None:
    """A download that broke off is noticed by the file's length."""
    file = copied / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    assert "bytes are there. Download it again" in refuse(copied)


def test_a_part_of_the_weights_that_is_missing(copied: Path) -> None:
    """An index names all of them."""
    (copied / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}),
        "utf-8",
    )
    assert "lacks 1 of 2 weight files, 'model-00002-of-00002.safetensors'" in refuse(copied)
    (copied / "model.safetensors.index.json").write_text("{}", "utf-8")
    assert "is no index of weights" in refuse(copied)


def test_a_tensor_that_is_missing_is_not_made_up(copied: Path) -> None:
    """Else transformers would fill it with noise, and warn."""
    file = copied / "model.safetensors"
    weights = load_file(file)
    del weights["model.visual.patch_embed.proj.weight"]
    save_file(weights, file, metadata={"format": "pt"})
    assert "lack 1 of the model's tensors, 'model.visual.patch_embed.proj.weight'" in refuse(copied)


def test_layers_that_the_config_leaves_out(copied: Path) -> None:
    """A model with fewer layers than its weights have is another one, and answers nonsense."""
    text = json.loads((copied / "config.json").read_text("utf-8"))["text_config"]
    change_json(copied / "config.json", text_config=text | {"num_hidden_layers": 1})
    said = refuse(copied)
    assert "more layers than its config says" in said and "layers.1." in said


def test_a_window_of_no_tokens(copied: Path) -> None:
    """No prompt would fit, whatever it says."""
    text = json.loads((copied / "config.json").read_text("utf-8"))["text_config"]
    change_json(copied / "config.json", text_config=text | {"max_position_embeddings": 0})
    assert "takes 0 tokens" in refuse(copied)
    rope = text["rope_parameters"] | {
        "rope_type": "yarn",
        "factor": "x",
        "original_max_position_embeddings": 1.5,
    }
    change_json(copied / "config.json", text_config=text | {"rope_parameters": rope})
    assert "the config of 'model' cannot be used" in refuse(copied)


def test_weights_that_memory_ends_at(tiny_model: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken file is not blamed for it."""

    def end(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(AutoModelForImageTextToText, "from_pretrained", end)
    with pytest.raises(ReaderOverflow, match="does not fit on 'cpu'"):
        load_model(tiny_model("glm4v"), device="cpu")


def test_weights_of_another_shape(copied: Path) -> None:
    """They belong to another model."""
    file = copied / "model.safetensors"
    weights = load_file(file)
    weights["lm_head.weight"] = weights["lm_head.weight"][:10].clone()
    save_file(weights, file, metadata={"format": "pt"})
    assert "the weights of 'model' cannot be loaded" in refuse(copied)


def test_an_architecture_that_is_unknown(copied: Path) -> None:
    """And one whose code comes with the model, which is never run."""
    change_json(copied / "config.json", model_type="glyph9")
    assert "has the architecture 'glyph9', which this transformers does not know" in refuse(copied)
    (copied / "modeling_glyph9.py").write_text("raise SystemExit('run')", "utf-8")
    change_json(copied / "config.json", auto_map={"AutoConfig": "modeling_glyph9.Config"})
    assert "brings code of its own" in refuse(copied)
    change_json(copied / "config.json", model_type=None)
    assert "brings code of its own (model_type None)" in refuse(copied)


def test_a_model_without_vision(copied: Path) -> None:
    """A text model cannot read pages, whatever lies beside it."""
    (copied / "config.json").write_text(json.dumps({"model_type": "llama"}), "utf-8")
    assert "'model' (llama) takes no images" in refuse(copied)
    (copied / "preprocessor_config.json").unlink()
    assert "'model' (llama) takes no images" in refuse(copied)


def test_a_config_that_does_not_fit_its_architecture(copied: Path) -> None:
    """Whatever transformers raises for it."""
    change_json(copied / "config.json", text_config=7)
    assert "the config of 'model' cannot be used" in refuse(copied)


def test_an_image_processor_that_needs_torchvision(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some have no version with Pillow."""

    def fail(*_: object, **__: object) -> None:
        raise ImportError("Lfm2VlImageProcessor requires the Torchvision library")

    monkeypatch.setattr(AutoImageProcessor, "from_pretrained", fail)
    assert "needs torchvision, which is not installed. Try: pip install torchvision" in refuse(copied)


# The hub.


def test_a_hub_that_is_not_reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Trying again may help, and so may a copy of the folder."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ReaderUnavailable, match="'zai-org/Glyph' is not in the hub's cache on this machine"):
        load_model("zai-org/Glyph")
    with pytest.raises(ReaderUnavailable, match="not in the hub's cache"):
        load_model("zai-org/Glyph", is_offline=True)


def test_what_the_hub_has_in_its_cache_is_used_without_a_network(
    tiny_model: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is whole, and so nobody is asked; a part of it is not enough."""
    asked: list[bool] = []

    def snapshot(name: str, *, is_offline: bool) -> Path:
        asked.append(is_offline)
        return tiny_model("glm4v")

    monkeypatch.setattr(folder, "_download", snapshot)
    assert load_model("zai-org/Glyph").name == "zai-org/Glyph"
    assert asked == [True]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("GatedRepoError", "Accept them at https://huggingface.co/zai-org/Glyph"),
        ("RepositoryNotFoundError", "no such model on the hub"),
        ("HFValidationError", "neither a folder nor a model's name"),
        ("HfHubHTTPError", "the hub was not reached"),
    ],
)
def test_what_the_hub_says_no_to(monkeypatch: pytest.MonkeyPatch, error: str, said: str) -> None:
    """A model that has terms, one that is not there, and a name that is none."""
    from huggingface_hub import errors

    kind = getattr(errors, error)

    def fail(*_: object, **__: object) -> None:
        raise kind.__new__(kind)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    assert said in refuse("zai-org/Glyph")


# Options.


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"device": "gpu"}, "device='gpu' is none that torch knows"),
        ({"device": "meta"}, "device='meta' is not supported"),
        ({"device": 1.5}, "device=1.5 is none that torch knows"),
        ({"dtype": "int8"}, "dtype='int8' is unknown"),
        ({"dtype": torch.int8}, "dtype=torch.int8 is unknown"),
        ({"attention": "fast"}, "attention='fast' is unknown"),
        ({"attention": {"audio": "sdpa"}}, "the tower 'audio'"),
        ({"device": "cpu", "attention": "flash_attention_2"}, "runs on NVIDIA GPUs"),
        ({"quantization": "2bit"}, "quantization='2bit' is unknown"),
        ({"rope_parameters": {"rope_type": "spiral"}}, "rope_type='spiral'"),
        ({"rope_parameters": {"rope_type": "yarn"}}, "factor=None"),
        ({"rope_parameters": {"rope_type": "yarn", "factor": 1e9}}, "factor=1000000000.0"),
        ({"rope_parameters": {"factor": 2}}, "factor=2 and no rope_type"),
        ({"rope_parameters": {"bogus": 3}}, "'bogus', which no model reads"),
        ({"rope_parameters": {"rope_theta": 0}}, "rope_theta=0"),
        ({"rope_parameters": {"mrope_section": [1, 1, 1]}}, "mrope_section=[1, 1, 1]; give three numbers"),
        (
            {"rope_parameters": {"rope_type": "llama3", "factor": 8.0}},
            "rope_parameters cannot be used: Missing",
        ),
        ({"rope_parameters": "yarn"}, "rope_parameters='yarn'"),
        ({"rope_parameters": []}, "rope_parameters=[]"),
    ],
)
def test_an_option_that_cannot_be(tiny_model: Models, options: dict[str, Any], said: str) -> None:
    """The line says which, and what to give."""
    assert said in refuse(tiny_model("glm4v"), **options)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there(tiny_model: Models) -> None:
    """The line says to look for the driver, or to take the CPU."""
    assert "sees no GPU here" in refuse(tiny_model("glm4v"), device="cuda")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="this machine has Apple's GPU")
def test_an_apple_gpu_that_is_not_there(tiny_model: Models) -> None:
    """The line says to take the CPU."""
    assert "device='mps'" in refuse(tiny_model("glm4v"), device="mps")


def test_flash_attention_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package, or numbers of half precision."""
    cuda = torch.device("cuda", 0)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (8, 0))
    for name, how in (
        ("flash_attention_2", r"glyph-memory\[flash\]"),
        ("flash_attention_3", "from its source"),
    ):
        with pytest.raises(ReaderRefused, match=f"{name}' is not installed. .*{how}"):
            hardware.choose_attention(name, cuda, torch.bfloat16)
        with pytest.raises(ReaderRefused, match="dtype is float32"):
            hardware.choose_attention(name, cuda, torch.float32)


def test_flash_attention_is_taken_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The third on the GPUs that it is for, the second on others; with half precision alone."""
    cuda, at = torch.device("cuda", 0), "transformers.utils.import_utils.is_flash_attn_{}_available"
    monkeypatch.setattr(at.format(2), lambda: True)
    monkeypatch.setattr(at.format(3), lambda: True)
    for capability, name in (((9, 0), "flash_attention_3"), ((8, 0), "flash_attention_2")):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _, found=capability: found)
        assert hardware.choose_attention("auto", cuda, torch.bfloat16) == {"text": name, "vision": name}
        assert hardware.choose_attention({"vision": "sdpa"}, cuda, torch.float16) == {
            "text": name,
            "vision": "sdpa",
        }
        assert hardware.choose_attention("auto", cuda, torch.float32) == {"text": "sdpa", "vision": "sdpa"}


@pytest.mark.parametrize(
    ("has_gpu", "has_bf16", "device", "dtype"),
    [
        (True, True, "cuda:0", torch.bfloat16),
        (True, False, "cuda:0", torch.float16),
        (False, False, "cpu", torch.float32),
    ],
)
def test_the_machine_chooses_device_and_numbers(
    monkeypatch: pytest.MonkeyPatch, has_gpu: bool, has_bf16: bool, device: str, dtype: torch.dtype
) -> None:
    """The first GPU and bfloat16 where it has that, float16 on older ones, float32 on the CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: has_bf16)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    chosen = hardware.choose_device("auto")
    assert (str(chosen), hardware.choose_dtype("auto", chosen)) == (device, dtype)
    if has_gpu:
        with pytest.raises(ReaderRefused, match="this machine has 1 GPUs; give 'cuda:0'"):
            hardware.choose_device("cuda:3")


def test_weights_that_do_not_fit_are_not_read(tiny_model: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line has the numbers, and a quantization that would fit."""
    monkeypatch.setattr(loading, "free_bytes", lambda _: 700_000)
    monkeypatch.setattr(AutoModelForImageTextToText, "from_pretrained", lambda *_, **__: pytest.fail("read"))
    with pytest.raises(
        ReaderOverflow, match=r"the weights of 'glm4v' take 0.00093 GiB and 0.00065 GiB are free"
    ):
        load_model(tiny_model("glm4v"), device="cpu")


# What must be installed.


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            {"torch": None},
            "needs torch, which is not installed. Try: pip install 'glyph-memory[transformers]'",
        ),
        ({"transformers": None}, "needs transformers, which is not installed"),
        ({"accelerate": None}, "needs accelerate, which is not installed"),
        ({"transformers": "4.57.1"}, "needs transformers 5.23 or newer; 4.57.1 is installed"),
        ({"torch": "2.8.0+cu128"}, "needs torch 2.9 or newer; 2.8.0+cu128 is installed"),
    ],
)
def test_a_package_that_is_missing_or_too_old(
    monkeypatch: pytest.MonkeyPatch, found: dict[str, str | None], said: str
) -> None:
    """The line has the command that installs it."""
    own = extra._find_version
    monkeypatch.setattr(extra, "_find_version", lambda name: found[name] if name in found else own(name))
    with pytest.raises(ReaderRefused) as caught:
        extra.check_installed()
    assert said in str(caught.value)


def test_all_that_is_needed_is_here() -> None:
    """Nothing is raised; versions with letters are read, too."""
    extra.check_installed()
    assert extra._read_version("2.13.0a0+git1") == (2, 13)


def test_quantization_without_its_package(tiny_model: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line has the command that installs it."""
    monkeypatch.setattr(extra, "_find_version", lambda name: None)
    assert "pip install 'glyph-memory[quant]'" in refuse(
        tiny_model("glm4v"), device="cpu", quantization="8bit"
    )


def test_a_tiny_model_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    """And another for another."""
    first, same, other = (
        build_tiny_model(tmp_path / str(number), "qwen3-vl", seed=seed)
        for number, seed in enumerate((1, 1, 2))
    )
    weights = [(one / "model.safetensors").read_bytes() for one in (first, same, other)]
    assert weights[0] == weights[1] != weights[2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"family": "gpt-2"}, "family='gpt-2' cannot be built; give one of glm4v, qwen2.5-vl, qwen3-vl"),
        ({"size": "large"}, "size='large' cannot be built; give one of tiny, small"),
        ({"dtype": "int8"}, "dtype='int8' cannot be built"),
    ],
)
def test_a_tiny_model_that_cannot_be_built(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    """The line says what can."""
    with pytest.raises(GlyphMemoryError) as caught:
        build_tiny_model(tmp_path, **options)
    assert said in str(caught.value)


def test_building_a_tiny_model_is_quiet(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """No progress bar for a tenth of a second."""
    assert build_tiny_model(str(tmp_path / "a" / "b")) == tmp_path / "a" / "b"
    assert capfd.readouterr() == ("", "")
