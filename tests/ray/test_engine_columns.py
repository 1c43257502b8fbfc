"""What a processor of vLLM takes and returns, by Ray's own source: it is not run here, for it needs a GPU."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("ray.data.llm")

from glyph_memory_ray import ask_with_engine
from glyph_memory_ray.engines import read_row, write_request

from glyph_memory.errors import GlyphMemoryError
from glyph_memory.tokens import ModelProfile
from glyph_memory.windows import AskJob, AskOptions

MESSAGES: list[dict[str, Any]] = [{"role": "user", "content": [{"type": "text", "text": "Who?"}]}]
TOLD = {"shard": "0001", "total": 1, "asked": "{}"}


def make_job(**fields: Any) -> AskJob:
    """Return a job."""
    profile = ModelProfile.of("glyph")
    options = AskOptions(answer_tokens=100, **fields)
    return AskJob(
        pages="p", out="o", urls=(), model="glyph", profile=profile, window_tokens=9_000, options=options
    )


def test_requests_have_what_rays_stages_ask_for() -> None:
    """The multimodal stage wants messages, the engine sampling parameters by vLLM's names."""
    stages = pytest.importorskip("ray.llm._internal.batch.stages")
    wanted = {
        *stages.PrepareMultimodalStage(fn_constructor_kwargs={}).get_required_input_keys(),
        *stages.ChatTemplateStage(fn_constructor_kwargs={}).get_required_input_keys(),
        *stages.vLLMEngineStage(
            fn_constructor_kwargs={"task_type": "generate", "engine_kwargs": {}, "model": "glyph"},
            map_batches_kwargs={},
        ).get_required_input_keys(),
    }
    assert set(write_request(MESSAGES, make_job(seed=7), "vllm")) == wanted == {"messages", "sampling_params"}
    assert write_request(MESSAGES, make_job(seed=7), "vllm")["sampling_params"] == {
        "max_tokens": 100, "temperature": 0.0, "seed": 7,
    }  # fmt: skip


def test_answers_are_read_by_rays_names() -> None:
    """One that used up its tokens is cut off: the engine's own reason is not passed on."""
    engine = pytest.importorskip("ray.llm._internal.batch.stages.vllm_engine_stage")
    row = engine.vLLMOutputData(
        prompt="…", num_input_tokens=700, generated_text="Two years.", num_generated_tokens=3
    ).model_dump()
    read = read_row({**TOLD, **row}, kind="vllm", answer_tokens=100)
    assert (read["text"], read["prompt_tokens"], read["completion_tokens"]) == ("Two years.", 700, 3)
    assert read["finish_reason"] == "stop"
    cut = read_row({**TOLD, **row, "num_generated_tokens": 100}, kind="vllm", answer_tokens=100)
    assert cut["finish_reason"] == "length"


def test_a_server_that_answers_something_else_is_an_error() -> None:
    """Which becomes the row's."""
    row = {**TOLD, "http_response": {"error": {"message": "no such model"}}}
    assert "no such model" in read_row(row, kind="http", answer_tokens=100)["error"]


@pytest.mark.parametrize(
    "response",
    [[1], None, {"choices": "x"}, {"choices": [None]}, {"choices": [{"message": None}]},
     {"choices": [{"message": {"content": ["x"]}}]}],
)  # fmt: skip
def test_half_an_answer_costs_its_row_alone(response: object) -> None:
    """An error of the worker's would end the whole run."""
    read = read_row({**TOLD, "http_response": response}, kind="http", answer_tokens=100)
    assert "the server answered no chat completion" in read["error"]


@pytest.mark.parametrize("count", ["x", -4, None, float("nan"), 1e30])
def test_a_count_that_is_none_is_not_told(count: object) -> None:
    """The answer counts all the same, by our own tokens."""
    choice = {"message": {"content": "Two years."}, "finish_reason": None}
    response = {"choices": [choice], "usage": {"prompt_tokens": count, "completion_tokens": count}}
    read = read_row({**TOLD, "http_response": response}, kind="http", answer_tokens=100)
    assert (read["text"], read["error"], read["finish_reason"]) == ("Two years.", "", "stop")
    assert (read["prompt_tokens"], read["completion_tokens"]) == (0, 0)


def test_what_a_processor_would_not_do_is_refused(tmp_path: Path) -> None:
    """Fields that vLLM would not be sent; workers that are none."""
    config = type("vLLMEngineProcessorConfig", (SimpleNamespace,), {})(
        prepare_multimodal_stage=True, engine_kwargs={}
    )
    with pytest.raises(GlyphMemoryError, match="extra_body is a field of requests to a server"):
        ask_with_engine(tmp_path, "Who?", config=config, extra_body={"top_k": 1})
    with pytest.raises(GlyphMemoryError, match="workers=0 ask nothing"):
        ask_with_engine(tmp_path, "Who?", config=config, workers=0)


def test_what_a_task_raised_is_told_in_its_own_words() -> None:
    """Not by the name of the process it was raised in, in colours."""
    from glyph_memory_ray.cluster import tell_of_clusters
    from ray.exceptions import RayTaskError

    told = '\x1b[36mray::MapWorker.submit()\x1b[39m (pid=1)\n  File "x.py"\nValueError: no plank is left.'
    with (
        pytest.raises(GlyphMemoryError, match=r"ended the run: ValueError: no plank is left\. What"),
        tell_of_clusters(),
    ):
        raise RayTaskError("submit", told, ValueError())  # type: ignore[no-untyped-call]  # Ray's


def test_vllm_without_its_multimodal_stage_is_refused(tmp_path: Path) -> None:
    """It would answer without having seen a page."""
    config = type("vLLMEngineProcessorConfig", (SimpleNamespace,), {})(prepare_multimodal_stage=False)
    with pytest.raises(GlyphMemoryError, match="prepare_multimodal_stage=True"):
        ask_with_engine(tmp_path, "Who?", config=config)
