"""What memory a model and a prompt need is known before they are run."""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from glyph_memory.errors import ReaderOverflow
from glyph_memory.readers.local import need
from glyph_memory.readers.local.loading import load_model
from glyph_memory.readers.local.need import (
    MemoryNeed,
    ModelShape,
    check_fits,
    check_weights_fit,
    estimate_need,
    estimate_weights,
    free_bytes,
)
from glyph_memory.readers.local.weights import Weights
from glyph_memory.testing import TinyFamily, build_tiny_model

GIB = 1024**3


def glyph(**text: object) -> Any:
    """Return the numbers of zai-org/Glyph's config."""
    numbers: dict[str, object] = {
        "num_hidden_layers": 40, "hidden_size": 4096, "num_attention_heads": 32, "num_key_value_heads": 2,
        "intermediate_size": 13_696, "vocab_size": 151_552,
    }  # fmt: skip
    said = SimpleNamespace(**(numbers | text))
    vision = SimpleNamespace(
        hidden_size=1536, intermediate_size=13_696, out_hidden_size=4096, patch_size=14, temporal_patch_size=2
    )
    return SimpleNamespace(get_text_config=lambda: said, vision_config=vision)


def weights(*tensors: tuple[str, int]) -> Weights:
    """Return weights with these tensors, 10 bytes of files."""
    return Weights(files=(Path("model.safetensors"),), tensors=tensors, file_bytes=10)


def test_a_page_of_glyph_holds_25_8_mb_of_keys_and_values() -> None:
    """The known answer: 40,960 bytes a token in bfloat16, and 630 tokens a page."""
    shape = ModelShape.of(glyph(), dtype_bytes=2)
    assert shape.kv_bytes_per_token == 40_960
    need = estimate_need(shape, new_tokens=630, chunk_tokens=630)
    assert need.keys_values == 25_804_800
    assert shape.logit_bytes == 2 * 4 * 151_552


def test_layers_without_keys_are_not_counted() -> None:
    """Hybrid models keep keys and values in some of their layers alone."""
    kinds = ["linear_attention", "linear_attention", "linear_attention", "full_attention"] * 10
    assert ModelShape.of(glyph(layer_types=kinds), dtype_bytes=2).kv_bytes_per_token == 10_240
    assert ModelShape.of(glyph(head_dim=256), dtype_bytes=2).kv_bytes_per_token == 2 * 40_960
    assert ModelShape.of(glyph(num_key_value_heads=None), dtype_bytes=2).kv_bytes_per_token == 16 * 40_960


def test_only_one_chunk_is_computed_at_a_time() -> None:
    """Keys and values grow with the prompt; what computes them grows with the chunk, or with the images."""
    shape = ModelShape.of(glyph(), dtype_bytes=2)
    short = estimate_need(shape, new_tokens=4_000, chunk_tokens=2_000)
    long = estimate_need(shape, new_tokens=8_000, chunk_tokens=2_000)
    assert (long.keys_values, long.activations) == (2 * short.keys_values, short.activations)
    pages = estimate_need(shape, new_tokens=8_000, chunk_tokens=2_000, patches=32 * 2_520, feature_bytes=7)
    assert pages.activations == 32 * 2_520 * shape.vision_bytes_per_patch > long.activations
    assert pages.total == pages.keys_values + pages.activations + 7
    rows = estimate_need(shape, new_tokens=8_000, chunk_tokens=2_000, rows=9)
    assert rows.activations - long.activations == 8 * shape.logit_bytes


def test_what_a_model_holds_is_within_its_estimate(tmp_path: Path, family: TinyFamily) -> None:
    """Measured on the CPU: the most that text and pages hold beside the weights is no more, and not far less."""
    loaded = load_model(build_tiny_model(tmp_path, family, size="small"), device="cpu")
    model: Any = loaded.model
    shape, ids = ModelShape.of(loaded.config, dtype_bytes=4), torch.randint(0, 200, (1, 512))
    needed = estimate_need(shape, new_tokens=512, chunk_tokens=512).total
    assert 0.6 * needed <= measure_peak(lambda: model(input_ids=ids, logits_to_keep=1)) <= needed
    grid = torch.tensor([[1, 30, 42]])
    pixels = torch.randn(30 * 42, 6 * loaded.config.vision_config.patch_size**2)
    needed = estimate_need(shape, new_tokens=1, chunk_tokens=1, patches=30 * 42).total
    assert 0.6 * needed <= measure_peak(lambda: model.get_image_features(pixels.clone(), grid)) <= needed


def measure_peak(run: Callable[[], object]) -> int:
    """Return the most bytes that something holds at once, while it runs."""
    with torch.inference_mode(), torch.profiler.profile(profile_memory=True) as profile:
        run()
    results: Any = profile.profiler
    held = most = 0
    for event in results.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            most = max(most, held)
    return most


def test_what_does_not_fit_is_refused_with_the_numbers() -> None:
    """And with what would make it fit."""
    need = MemoryNeed(keys_values=5 * GIB, activations=2 * GIB, features=GIB)
    check_fits(need, 9 * GIB)
    check_fits(need, None)
    with pytest.raises(ReaderOverflow) as caught:
        check_fits(need, 6 * GIB)
    assert str(caught.value).startswith(
        "the prompt needs 8.0 GiB (5.0 GiB keys and values, 2.0 GiB to compute, 1.0 GiB page features) and 6.0 GiB are "
        "free. Send fewer pages, lower max_tokens, prefill_chunk_tokens or prefix_cache_bytes"
    )


def test_weights_are_counted_by_their_values() -> None:
    """In the numbers that they are loaded in; what sees and what embeds stays whole in a quantized model."""
    held = weights(
        ("model.visual.w", 100), ("model.language_model.layers.0.w", 1_000), ("lm_head.weight", 10)
    )
    assert estimate_weights(held, dtype_bytes=2) == 2_220
    assert estimate_weights(held, dtype_bytes=2, quantization="8bit") == 1_220
    assert estimate_weights(held, dtype_bytes=2, quantization="4bit") == 220 + 562
    assert estimate_weights(weights(), dtype_bytes=2) == 10


@pytest.mark.parametrize(
    ("free_gib", "said"),
    [
        (12, "Try quantization='8bit'"),
        (7, "Try quantization='4bit'"),
        (1, "a smaller model or another device"),
    ],
)
def test_weights_that_do_not_fit_say_what_would(free_gib: int, said: str) -> None:
    """The first quantization that is small enough, or something else."""
    held = weights(("model.language_model.layers.0.w", 10 * GIB))
    check_weights_fit(held, None, dtype_bytes=2, quantization=None, name="glyph")
    check_weights_fit(held, 20 * GIB, dtype_bytes=2, quantization=None, name="glyph")
    with pytest.raises(
        ReaderOverflow, match=rf"'glyph' take 20.0 GiB and {free_gib}.0 GiB are free. .*{said}"
    ):
        check_weights_fit(held, free_gib * GIB, dtype_bytes=2, quantization=None, name="glyph")


def test_this_machine_has_something_free() -> None:
    """What the system says, or the limit of the container, whichever is less."""
    free = free_bytes(torch.device("cpu"))
    assert free is None or free > 0


def test_a_limit_of_a_container_is_seen(tmp_path: Path) -> None:
    """Of both versions of cgroups; file caches that count as used can be had back."""
    assert need._read_cgroup(tmp_path) is None
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("100\n")
    assert need._read_cgroup(tmp_path) is None
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.stat").write_text("anon 70\nactive_file 20\ninactive_file 10\n")
    assert need._read_cgroup(tmp_path) == 930
    older = tmp_path / "v1" / "memory"
    older.mkdir(parents=True)
    for name, content in (("limit_in_bytes", "500"), ("usage_in_bytes", "600"), ("stat", "cache 1\n")):
        (older / (f"memory.{name}")).write_text(content)
    assert need._read_cgroup(tmp_path / "v1") == 0


def test_what_the_system_has_is_read_from_its_own_file(tmp_path: Path) -> None:
    """`MemAvailable`, in kilobytes."""
    file = tmp_path / "meminfo"
    assert need._read_available(file) is None
    file.write_text("MemTotal: 16 kB\nMemAvailable:    8 kB\n")
    assert need._read_available(file) == 8_192
    file.write_text("MemTotal: 16 kB\n")
    assert need._read_available(file) is None


def test_a_gpu_has_free_what_the_driver_and_torch_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory that torch keeps for later counts as free."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (1_000, 9_000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 500)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 200)
    assert free_bytes(torch.device("cuda", 0)) == 1_300
