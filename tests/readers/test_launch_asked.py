"""A server's command is refused where it could not work, and says what it assumed where that cannot be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from glyph_memory.errors import ProfileError, ReaderError
from glyph_memory.readers.launch import plan_server
from glyph_memory.readers.launch.sizing import find_network
from glyph_memory.tokens import ModelProfile


@pytest.mark.parametrize("model", [Path("/models/Glyph"), None, 3, "", "-x", "a\x1b"])
def test_a_model_is_a_printable_word(model: object) -> None:
    """Whatever else it is has its own line."""
    with pytest.raises(
        ReaderError, match=r"model=.* (is no text|is empty|begins with a hyphen|holds a control)"
    ):
        plan_server(model)  # type: ignore[arg-type]  # wrong on purpose


def test_a_model_that_reads_nothing_is_not_served() -> None:
    """A text model of a known name is no unknown model."""
    with pytest.raises(ProfileError, match="'google/gemma-3-1b-it' answers nothing about images"):
        plan_server("google/gemma-3-1b-it")
    assert plan_server("google/gemma-3-1b-it", profile="gemma-3").profile == "gemma-3"


@pytest.mark.parametrize(
    ("model", "engine", "said"),
    [
        ("qwen3-vl:8b", "vllm", "Ollama's name"),
        ("qwen3-vl:8b", "sglang", "Ollama's name"),
        ("qwen3-vl:8b", "llama.cpp", "no repository"),
        ("/models/Glyph", "llama.cpp", "no repository"),
        ("./Glyph", "llama.cpp", "no repository"),
        ("Qwen3-VL-8B-Q8_0.gguf", "vllm", "GGUF files are llama.cpp's"),
        ("Qwen/Qwen3-VL-8B-Instruct-GGUF:Q8_0", "sglang", "GGUF files are llama.cpp's"),
    ],
)
def test_a_model_in_a_form_that_its_engine_does_not_take_is_refused(
    model: str, engine: str, said: str
) -> None:
    """The command could not work."""
    with pytest.raises(ReaderError, match=said):
        plan_server(model, engine=engine)


def test_a_repository_that_does_not_say_gguf_is_an_assumption() -> None:
    """llama.cpp takes no safetensors, and names are all that is known here."""
    assert "holds GGUF files" in plan_server("zai-org/Glyph", engine="llama.cpp").assumptions[0]
    assert plan_server("lab/Glyph-GGUF", engine="llama.cpp").assumptions == ()


@pytest.mark.parametrize(
    ("model", "gpus", "said"),
    [
        ("Qwen/Qwen2.5-VL-7B-Instruct", 7, "Name 1, 2, 4 or 28"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", 14, "28 attention heads"),
        ("zai-org/Glyph", 6, "Name 1, 2, 4, 8, 16 or 32"),
    ],
)
def test_gpus_divide_the_heads_or_copy_them_evenly(model: str, gpus: int, said: str) -> None:
    """7 divides 28 heads, but neither divides 4 heads of keys nor is divided by them."""
    with pytest.raises(ReaderError, match=said):
        plan_server(model, gpus=gpus)


def test_llama_cpp_sees_as_many_gpus_as_were_asked_for() -> None:
    """It has no option for their number."""
    planned = plan_server("lab/Glyph-GGUF", engine="llama.cpp", gpus=4)
    assert planned.environment == {"CUDA_VISIBLE_DEVICES": "0,1,2,3"}
    assert plan_server("lab/Glyph-GGUF", engine="llama.cpp").environment == {}


def test_a_folder_of_pages_is_named_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The server may be started elsewhere, and vLLM takes no relative folder."""
    monkeypatch.chdir(tmp_path)
    planned = plan_server("zai-org/Glyph", pages_folder="pages")
    assert planned.arguments[planned.arguments.index("--allowed-local-media-path") + 1] == str(
        tmp_path / "pages"
    )


@pytest.mark.parametrize(("gpus", "gib"), [(2, 14.5), (4, 9.5), (4, 10), (8, 9)])
def test_a_copied_tower_is_counted_on_each_gpu(gpus: int, gib: float) -> None:
    """GLM's 1.66 GiB; what is left is divided."""
    free = gib * 0.9 - 3 - 1.66 - (19.2 - 1.66) / gpus
    network = find_network(ModelProfile.from_name("glyph"), "zai-org/Glyph", gpus=gpus)
    assert network is not None
    assert network.count_room(gpus=gpus, gpu_memory_gib=gib) == pytest.approx(free * 2**20 * 2 / 40, abs=1)


@pytest.mark.parametrize(
    ("model", "bits", "window"),
    [
        ("Qwen/Qwen3-VL-8B-Instruct-GGUF:Q8_0", 8.5, 67 * 1024),
        ("Qwen/Qwen3-VL-8B-Instruct-GGUF", 4.9, 91 * 1024),
    ],
)
def test_llama_cpps_window_fits_with_the_bits_of_the_name(model: str, bits: float, window: int) -> None:
    """24 GiB: nine tenths, less 3 GiB of work, the tower in F16, and the rest of the weights in so many bits."""
    free = 24 * 0.9 - 3 - 1.07 - (16.3 - 1.07) * bits / 16
    assert int(free * 2**20 / 144) // 1024 * 1024 == window
    planned = plan_server(model, engine="llama.cpp", gpu_memory_gib=24)
    assert planned.window_tokens == window
    assert f"Assumed: {bits} bits a weight" in planned.assumptions[0]


def test_a_refused_window_is_the_one_that_was_asked_for() -> None:
    """Not the least one."""
    with pytest.raises(ReaderError, match=r"a window of 4,096 tokens\. Name more GPUs"):
        plan_server("zai-org/Glyph", gpu_memory_gib=20, window_tokens=4096)
