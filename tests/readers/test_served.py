"""What a server serves is found out, whichever server it is, and options are made to fit."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from glyph_memory import FoldPolicy, GlyphMemoryWarning, PageOptions, ReaderRefused, ReaderUnavailable
from glyph_memory.readers import OpenAIReader, ServedModel, afind_served_model, find_served_model
from glyph_memory.testing import FakeVLMServer

QWEN = "Qwen/Qwen2.5-VL-7B-Instruct"


def listed(**card: object) -> dict[str, object]:
    """`/v1/models` with one model."""
    return {"object": "list", "data": [{"id": QWEN, "object": "model", **card}]}


SERVERS: dict[str, tuple[Mapping[str, object], ServedModel]] = {
    "vLLM": (
        {"/v1/models": listed(owned_by="vllm", id="vlm", root=QWEN, max_model_len=32_768)},
        ServedModel(model="vlm", weights=QWEN, window_tokens=32_768, server="vllm"),
    ),
    "SGLang": (
        {
            "/v1/models": listed(owned_by="sglang", id="default", root="default", max_model_len=128_000),
            "/get_model_info": {"model_path": QWEN, "is_generation": True, "has_image_understanding": True},
            "/get_server_info": {
                "model_path": QWEN, "context_length": None, "max_total_num_tokens": 60_000,
                "limit_mm_data_per_request": {"image": 20},
            },
        },
        ServedModel(
            model="default", weights=QWEN, window_tokens=60_000, server="sglang", takes_images=True, max_images=20
        ),
    ),
    "llama.cpp": (
        {
            "/v1/models": listed(
                owned_by="llamacpp", id="/models/Qwen2.5-VL-7B-Instruct-Q4_K_M.gguf", meta={"n_ctx_train": 128_000}
            ),
            "/props": {
                "default_generation_settings": {"n_ctx": 16_384}, "modalities": {"vision": True, "audio": False},
                "model_path": "/models/Qwen2.5-VL-7B-Instruct-Q4_K_M.gguf",
            },
        },
        ServedModel(
            model="/models/Qwen2.5-VL-7B-Instruct-Q4_K_M.gguf", weights="/models/Qwen2.5-VL-7B-Instruct-Q4_K_M.gguf",
            window_tokens=16_384, server="llama.cpp", takes_images=True,
        ),
    ),
    "Ollama, with num_ctx": (
        {
            "/v1/models": listed(owned_by="library", id="qwen2.5vl:7b"),
            "/api/show": {
                "parameters": "temperature 0.0001\nnum_ctx                        16384",
                "model_info": {"general.architecture": "qwen25vl", "qwen25vl.context_length": 128_000},
                "capabilities": ["completion", "vision"],
            },
        },
        ServedModel(model="qwen2.5vl:7b", window_tokens=16_384, server="ollama", takes_images=True),
    ),
    "Ollama, loaded": (
        {
            "/v1/models": listed(owned_by="library", id="qwen2.5vl:7b"),
            "/api/show": {"model_info": {"qwen25vl.context_length": 128_000}, "capabilities": ["completion"]},
            "/api/ps": {"models": [{"name": "qwen2.5vl:7b", "context_length": 32_768}]},
        },
        ServedModel(model="qwen2.5vl:7b", window_tokens=32_768, server="ollama", takes_images=False),
    ),
    "Ollama, untold": (
        {"/v1/models": listed(owned_by="library", id="qwen2.5vl:7b"), "/api/show": {"modelfile": ""}},
        ServedModel(model="qwen2.5vl:7b", window_tokens=4096, server="ollama"),
    ),
    "LM Studio": (
        {
            "/v1/models": listed(owned_by="organization_owner", id="qwen2.5-vl-7b-instruct"),
            "/api/v0/models": {
                "data": [
                    {"id": "other", "max_context_length": 1},
                    {
                        "id": "qwen2.5-vl-7b-instruct", "type": "vlm", "max_context_length": 128_000,
                        "loaded_context_length": 8192,
                    },
                ]
            },
        },
        ServedModel(model="qwen2.5-vl-7b-instruct", window_tokens=8192, server="lmstudio", takes_images=True),
    ),
    "OpenRouter": (
        {
            "/v1/models": listed(
                context_length=131_072, top_provider={"context_length": 32_000},
                architecture={"input_modalities": ["text", "image"]},
            )
        },
        ServedModel(model=QWEN, window_tokens=32_000, takes_images=True),
    ),
    "TGI": (
        {"/v1/models": listed(owned_by=QWEN, id=QWEN), "/info": {"model_id": QWEN, "max_total_tokens": 8192}},
        ServedModel(model=QWEN, weights=QWEN, window_tokens=8192, server="tgi"),
    ),
    "LiteLLM": (
        {
            "/v1/models": listed(owned_by="openai", id="my-vlm"),
            "/model/info": {
                "data": [
                    {
                        "model_name": "my-vlm", "litellm_params": {"model": f"hosted_vllm/{QWEN}"},
                        "model_info": {"max_input_tokens": 32_768, "supports_vision": True},
                    }
                ]
            },
        },
        ServedModel(
            model="my-vlm", weights=f"hosted_vllm/{QWEN}", window_tokens=32_768, server="litellm", takes_images=True
        ),
    ),
    "Groq": (
        {"/v1/models": listed(owned_by="Meta", context_window=131_072)},
        ServedModel(model=QWEN, window_tokens=131_072),
    ),
}  # fmt: skip


@contextmanager
def serve(answers: Mapping[str, object], paths: list[str] | None = None) -> Iterator[str]:
    """A server that answers some paths, and 404 else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if paths is not None:
                paths.append(self.path)
            found = answers.get(self.path)
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()


@pytest.mark.parametrize("name", SERVERS)
def test_every_kind_of_server_says_what_it_serves(name: str) -> None:
    """The window as it is served, not as the model was trained; the profile by the name or the weights."""
    answers, expected = SERVERS[name]
    with serve(answers) as url:
        served = find_served_model(url)
        assert served.base_url == url
    told = {
        field: getattr(served, field) for field in ServedModel.__dataclass_fields__ if field != "base_url"
    }
    assert told == {field: getattr(expected, field) for field in told}
    assert served.profile is not None
    assert served.profile.name == "qwen2.5-vl"
    options = served.page_options()
    assert (options.profile.name, options.window_tokens) == ("qwen2.5-vl", expected.window_tokens)
    assert options.fold_policy.window_tokens <= (expected.window_tokens or 0)


async def test_it_is_asked_without_blocking_too() -> None:
    """The same answer, from a function and from a reader."""
    with FakeVLMServer(model=QWEN, window_tokens=16_384) as server:
        served = await afind_served_model(server.base_url)
        async with OpenAIReader(server.base_url) as reader:
            assert await reader.aserved_model() == served
        with OpenAIReader(server.base_url) as reader:
            assert reader.served_model() == served == find_served_model(server.base_url)
        assert server.paths == ["GET /v1/models"] * 4
    assert (served.model, served.window_tokens, served.server) == (QWEN, 16_384, "vllm")


def test_a_model_is_found_among_many_by_its_name() -> None:
    """One that is not listed is asked for all the same; nothing of another is taken for it."""
    cards = [
        {"id": "a", "max_model_len": 1},
        {"id": "qwen2.5vl:7b", "max_model_len": 8192, "owned_by": "vllm"},
    ]
    with serve({"/v1/models": {"data": cards}}) as url:
        assert find_served_model(url, model="qwen2.5vl:7b").window_tokens == 8192
        unlisted = find_served_model(url, model="glyph")
    assert (unlisted.model, unlisted.window_tokens) == ("glyph", None)
    assert unlisted.page_options().window_tokens is None


@pytest.mark.parametrize(
    "said",
    [b"", b"not json", b"[" * 100_000, b"null", b"[]", b'{"data": 3}', b'{"data": [null, 3]}',
     b'{"data": [{"id": 7, "max_model_len": "many", "meta": [], "architecture": 3, "capabilities": "vision"}]}',
     b'{"data": [{"id": "x", "max_model_len": -1, "owned_by": ["vllm"]}]}', b'{"data": [{"max_model_len": true}]}'],
)  # fmt: skip
def test_nonsense_says_nothing(said: bytes) -> None:
    """It is no error: the model's own profile and window stand."""
    answers = dict.fromkeys(
        ("/v1/models", "/props", "/get_model_info", "/get_server_info", "/api/show", "/api/ps", "/api/v0/models",
         "/info", "/model/info"), said,
    )  # fmt: skip
    with serve(answers) as url:
        served = find_served_model(url)
    assert served.window_tokens is None
    assert served.page_options() == PageOptions()


def test_vendors_are_not_asked_what_they_do_not_have() -> None:
    """Their models' windows are known."""
    paths: list[str] = []
    with serve({"/v1/models": {"data": [{"id": "gpt-4o", "owned_by": "system"}]}}, paths) as url:
        assert find_served_model(url, model="gpt-4o").page_options().profile.name == "gpt-4o"
    assert paths == ["/v1/models"]


def test_nobody_there_and_a_wrong_key_are_errors() -> None:
    """As for a question; the key is not repeated."""
    with pytest.raises(ReaderUnavailable, match="no server at"):
        find_served_model("http://127.0.0.1:9/v1")
    with serve({}) as url:
        with pytest.raises(ReaderRefused, match="no http"):
            find_served_model("127.0.0.1/v1")
        assert find_served_model(url).window_tokens is None


def test_a_profile_of_another_model_is_a_warning() -> None:
    """Pages would be counted wrongly; one whose rule is the same is none, nor one that is not known."""
    served = ServedModel(model=QWEN, window_tokens=32_768, base_url="http://h/v1")
    with pytest.warns(
        GlyphMemoryWarning, match=r"serves .*, which is 'qwen2\.5-vl', and the profile is 'gemma-3'"
    ):
        assert served.page_options(profile="gemma-3").profile.name == "gemma-3"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ServedModel(model=QWEN).page_options(profile="qwen2-vl").profile.name == "qwen2-vl"
        assert ServedModel(model="my-vlm").page_options(profile="gemma-3").profile.name == "gemma-3"
        assert served.page_options(style="dark").style == "dark"
        assert served.page_options(window_tokens=8192).window_tokens == 8192


def test_a_policy_for_a_larger_window_is_narrowed_and_told() -> None:
    """One that fits stays as it is."""
    served = ServedModel(model=QWEN, window_tokens=8192)
    with pytest.warns(
        GlyphMemoryWarning, match="the server' takes 8,192 tokens and the policy is for 32,768"
    ):
        options = served.page_options(policy=FoldPolicy(window_tokens=32_768))
    assert options.fold_policy.window_tokens == 8192
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert served.page_options(policy=FoldPolicy(window_tokens=4096)).fold_policy.window_tokens == 4096


def test_images_that_a_server_takes_are_the_profiles() -> None:
    """The fewer of both."""
    profile: Any = ServedModel(model=QWEN, max_images=20).profile
    assert profile.max_images == 20
    assert ServedModel(model=QWEN, max_images=20).page_options().fold_policy.max_images == 20
    assert ServedModel(model="gpt-4o", max_images=900).page_options().profile.max_images == 500
