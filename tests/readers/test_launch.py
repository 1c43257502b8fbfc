"""The command that starts a server has the numbers of the model's pages, and a shell reads it as it was meant."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from glyph_memory.errors import ProfileError, ReaderError
from glyph_memory.readers.launch import ServerCommand, plan_server
from glyph_memory.readers.launch.sizing import find_network, fit_window, measure_load
from glyph_memory.tokens import ModelProfile


def _find_value(planned: ServerCommand, name: str) -> str | None:
    """Return what an option or a variable is set to."""
    (found,) = [one for one in planned.settings if one.name == name]
    return found.value


def test_glyphs_window_holds_two_hundred_pages() -> None:
    """588×840 px are 21×30 cells and two tokens around them; 131,072 tokens hold 207 such pages."""
    load = measure_load(ModelProfile.from_name("glyph"), 131_072)
    assert (load.size, load.tokens, load.pages) == ((588, 840), 632, 207)
    assert load.decoded_bytes == 207 * 588 * 840 * 4
    assert load.prepared_bytes == 207 * 632 * 28 * 28 * 24
    assert load.feature_bytes == 207 * 632 * 8192


def test_the_command_for_glyph_is_known() -> None:
    """Caches on and large enough, thoughts apart from answers, the window the profile's."""
    assert plan_server("zai-org/Glyph").arguments == (
        *("vllm", "serve", "zai-org/Glyph", "--served-model-name", "glyph", "--host", "127.0.0.1", "--port", "8000"),
        *("--max-model-len", "131072", "--enable-prefix-caching", "--mm-processor-cache-gb", "7"),
        *("--limit-mm-per-prompt", '{"image": 999, "video": 0}', "--max-num-batched-tokens", "16384"),
        *("--enable-prompt-tokens-details", "--reasoning-parser", "glm45"),
    )  # fmt: skip


def test_gpus_share_the_model_and_copy_the_tower() -> None:
    """Named by number or counted; the tower is copied for families whose servers can."""
    planned = plan_server("zai-org/Glyph", devices=("2", "3"))
    assert planned.environment["CUDA_VISIBLE_DEVICES"] == "2,3"
    assert _find_value(planned, "--tensor-parallel-size") == "2"
    assert _find_value(planned, "--mm-encoder-tp-mode") == "data"
    assert "--mm-encoder-tp-mode" not in plan_server("google/gemma-3-12b-it", gpus=2).arguments
    assert "--tensor-parallel-size" not in plan_server("zai-org/Glyph").arguments


def test_a_window_of_many_pages_raises_the_budget_for_decoding() -> None:
    """528 pages of Qwen3-VL are more pixels than vLLM decodes by default; Glyph's 207 are not."""
    variable = "VLLM_MAX_MEDIA_REQUEST_DECODE_BYTES"
    assert plan_server("Qwen/Qwen3-VL-8B-Instruct").environment == {variable: str(528 * 608 * 832 * 4)}
    assert plan_server("zai-org/Glyph").environment == {}


@pytest.mark.parametrize(
    ("model", "parser"),
    [
        ("zai-org/Glyph", "glm45"),
        ("zai-org/GLM-4.1V-9B-Thinking", "glm45"),
        ("zai-org/GLM-4.6V", "glm45"),
        ("Qwen/Qwen3-VL-8B-Thinking", "qwen3"),
        ("Qwen/Qwen3-VL-8B-Instruct", None),
        ("Qwen/Qwen2.5-VL-7B-Instruct", None),
    ],
)
def test_families_that_think_have_their_parser(model: str, parser: str | None) -> None:
    """Both servers call it alike."""
    for engine in ("vllm", "sglang"):
        arguments = plan_server(model, engine=engine).arguments
        assert ("--reasoning-parser" in arguments) == (parser is not None)
        assert parser is None or arguments[-1] == parser


def test_sglang_keeps_a_window_of_encoded_pages() -> None:
    """4 GiB, or what three windows full of pages take: 528 of 496 tokens, four times 8,192 bytes each (DeepStack)."""
    assert _find_value(plan_server("zai-org/Glyph", engine="sglang"), "SGLANG_VLM_CACHE_SIZE_MB") == "4096"
    planned = plan_server("Qwen/Qwen3-VL-8B-Instruct", engine="sglang", gpus=2)
    assert planned.environment == {"SGLANG_VLM_CACHE_SIZE_MB": str(3 * 528 * 496 * 4 // 128)}
    assert planned.arguments[:5] == (
        "python",
        "-m",
        "sglang.launch_server",
        "--model-path",
        "Qwen/Qwen3-VL-8B-Instruct",
    )
    assert planned.arguments[-3:] == ("--tp", "2", "--mm-enable-dp-encoder")


def test_llama_cpp_takes_a_repository_or_both_files() -> None:
    """A GGUF file alone reads no pictures."""
    files = plan_server("Qwen3-VL-8B-Instruct-Q8_0.gguf", engine="llama.cpp", mmproj="mmproj.gguf")
    assert files.arguments[1:5] == ("-m", "Qwen3-VL-8B-Instruct-Q8_0.gguf", "--mmproj", "mmproj.gguf")
    assert "--cache-reuse" not in files.arguments
    hub = plan_server("Qwen/Qwen3-VL-8B-Instruct-GGUF:Q8_0", engine="llama.cpp")
    assert hub.arguments[1:3] == ("-hf", "Qwen/Qwen3-VL-8B-Instruct-GGUF:Q8_0")
    assert hub.profile == "qwen3-vl"
    with pytest.raises(ReaderError, match="--mmproj names the file"):
        plan_server("model.gguf", engine="llama.cpp")


def test_a_small_gpu_gets_a_smaller_window_and_a_note() -> None:
    """24 GiB, nine tenths used: 24 × 0.9 − 3 − 15.4 GiB hold 59,918 tokens of 56 KiB, which are 58 × 1,024."""
    planned = plan_server("Qwen/Qwen2.5-VL-7B-Instruct", gpu_memory_gib=24)
    assert planned.window_tokens == 58 * 1024
    assert _find_value(planned, "--max-model-len") == str(58 * 1024)
    assert any("window_tokens=59392" in note for note in planned.notes)
    assert _find_value(planned, "--max-num-batched-tokens") == "8192"
    assert plan_server("Qwen/Qwen2.5-VL-7B-Instruct", gpu_memory_gib=80).window_tokens == 128_000


def test_what_does_not_fit_is_refused_with_the_numbers() -> None:
    """No window of use, or heads that cannot be divided."""
    with pytest.raises(ReaderError, match=r"16 GiB on each of 1 GPU do not hold 19.2 GiB"):
        plan_server("zai-org/Glyph", gpu_memory_gib=16)
    with pytest.raises(ReaderError, match="32 attention heads"):
        plan_server("zai-org/Glyph", gpus=3)
    network = find_network(ModelProfile.from_name("glyph"), "zai-org/Glyph")
    assert network is not None
    assert fit_window(131_072, network, gpus=2, gpu_memory_gib=16) == 92 * 1024


def test_more_gpus_than_heads_of_keys_keep_copies() -> None:
    """Four GPUs of 16 GiB: 6.6 GiB free on each, as (16 × 0.9 − 3 − 19.2 / 4), and two heads of keys part once."""
    network = find_network(ModelProfile.from_name("glyph"), "zai-org/Glyph")
    assert network is not None
    assert network.count_room(gpus=4, gpu_memory_gib=16) == int(6.6 * 2**20 * 2 / 40)


def test_a_quantized_copy_has_no_known_numbers() -> None:
    """Its weights are smaller, by how much its name does not say."""
    planned = plan_server("someone/Glyph-AWQ", gpu_memory_gib=16)
    assert planned.window_tokens == 131_072
    assert any("not known here" in note for note in planned.notes)


def test_an_unknown_model_is_told_what_is_assumed() -> None:
    """Glyph's pages and a window of 32,768 tokens; both can be named."""
    planned = plan_server("lab/Unseen-VL-3B")
    assert (planned.profile, planned.window_tokens, planned.window_pages) == (None, 32_768, 51)
    assert planned.notes[0].startswith("Assumed: no profile is known for 'lab/Unseen-VL-3B'")
    assert "--served-model-name" not in planned.arguments
    named = plan_server("lab/Unseen-VL-3B", profile="qwen3-vl", window_tokens=65_536)
    assert (named.profile, named.window_pages) == ("qwen3-vl", 132)


def test_more_machines_are_sent_to_vllm_on_ray() -> None:
    """In a line with the address."""
    assert "https://docs.vllm.ai/" in plan_server("zai-org/Glyph").notes[-1]


@pytest.mark.parametrize(
    "model", ["lab/it's a model; rm -rf ~", "$(touch pwned)", "`x`", "~/models/glyph 9b", "模型/视觉"]
)
def test_a_shell_reads_odd_names_as_one_word(model: str, tmp_path: Path) -> None:
    """The script is run by a real shell, with a program that prints its words in the server's place."""
    folder = "/srv/my pages/$HOME"
    planned = plan_server(model, pages_folder=folder, devices=("0", "GPU-8a"))
    stub = tmp_path / "vllm"
    stub.write_text('#!/bin/sh\nprintf "%s\\n" "$CUDA_VISIBLE_DEVICES" "$@"\n')
    stub.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh"],
        input=planned.to_script(),
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["0,GPU-8a", *planned.arguments[1:]]
    assert [path.name for path in tmp_path.iterdir()] == ["vllm"]


def test_every_setting_has_its_line() -> None:
    """Below the command, as comments; without them the command is the same."""
    planned = plan_server("zai-org/Glyph", gpus=2, pages_folder="/srv/pages")
    script = planned.to_script()
    for setting in planned.settings:
        assert f"\n# {setting.name}: " in script
    bare = planned.to_script(explain=False)
    assert script.startswith(bare)
    assert shlex.split(bare.replace("\\\n", " ")) == list(planned.arguments)
    assert all(line.startswith("#") for line in script[len(bare) :].splitlines())


def test_json_holds_plain_values() -> None:
    """Words, numbers, lists; for programs that start the server themselves."""
    plain = plan_server("zai-org/Glyph", devices=("1",)).to_json()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["environment"] == {"CUDA_VISIBLE_DEVICES": "1"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"engine": "ollama"}, "there are vllm, sglang, llama.cpp"),
        ({"gpus": 0}, "gpus=0 is below 1"),
        ({"gpus": 2, "devices": ("0",)}, "Name one of the two"),
        ({"devices": ("0", "")}, r"devices\[1\]=''"),
        ({"port": 0}, "port=0 is below 1"),
        ({"port": 65_536}, "above 65,535"),
        ({"window_tokens": 1}, "below 1024"),
        ({"gpu_memory_gib": float("nan")}, "no finite number"),
        ({"host": ""}, "host='' is empty; give one$"),
        ({"host": "-x"}, "begins with a hyphen"),
        ({"pages_folder": "a\nb"}, "control character"),
        ({"gpus": "2"}, "gpus='2' is no whole number"),
        ({"gpus": True}, "no whole number"),
        ({"port": "8000"}, "port='8000' is no whole number"),
        ({"window_tokens": "8192"}, "no whole number"),
        ({"window_tokens": 8192.5}, "no whole number"),
        ({"gpu_memory_gib": "24"}, "no finite number"),
        ({"devices": "0,1"}, "no list of GPUs"),
        ({"devices": [0, 1]}, r"devices\[0\]=0 is no text"),
        ({"devices": ("0", "0")}, "'0' twice"),
        ({"devices": ("abc",)}, "'abc', which is no GPU"),
        ({"devices": ("0;x",)}, "no GPU"),
        ({"devices": ("0",), "gpus": 2}, "1 device is named"),
        ({"engine": ["vllm"]}, "engine=.* is no text"),
        ({"host": None}, "host=None is no text"),
        ({"mmproj": "a.gguf"}, "mmproj='a.gguf' is llama.cpp's alone"),
    ],
)
def test_what_is_out_of_range_is_told_in_a_line(wrong: dict[str, object], said: str) -> None:
    """Which, and what to give."""
    with pytest.raises(ReaderError, match=said):
        plan_server("zai-org/Glyph", **wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_a_vendors_model_is_nobodys_to_serve() -> None:
    """Its weights are not to be had."""
    with pytest.raises(ProfileError, match="served by its vendor alone"):
        plan_server("gpt-4o")
    with pytest.raises(ProfileError, match="'gpt-4o' is served by its vendor alone"):
        plan_server("foo", profile="gpt-4o")
