"""`ask_with_engine`: questions about documents by a processor of `ray.data.llm`, such as vLLM on the cluster's GPUs.

Knows the rows that Ray's processors take and return; what is asked stands in glyph-memory.
"""

from __future__ import annotations

import json
import pickle
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Unpack

import numpy as np
import ray
import ray.data

from glyph_memory import GlyphMemoryError, Reading, Usage
from glyph_memory.windows import (
    AskFields,
    AskJob,
    AskOptions,
    AskReport,
    AskResult,
    AskRun,
    AskShard,
    Questions,
    ShardAsker,
    open_questions,
)
from glyph_memory_ray.cluster import tell_of_clusters
from glyph_memory_ray.workers import make_rows, start_ray

Kind = Literal["vllm", "http"]
_KINDS: dict[str, Kind] = {"vLLMEngineProcessorConfig": "vllm", "HttpRequestProcessorConfig": "http"}
_ERROR = "__inference_error__"
"""Where Ray tells why a row failed, if it goes on after errors."""
_MOST_TOKENS = 1e12
"""No request has as many: who tells of more did not count."""


def ask_with_engine(
    pages: str | Path,
    question: Questions,
    *,
    config: Any,  # noqa: ANN401 - of ray.data.llm, which is heavy
    out: str | Path | None = None,
    workers: int = 1,
    ray_remote_args: Mapping[str, Any] | None = None,
    progress: Callable[[AskReport], object] | None = None,
    options: AskOptions | None = None,
    **fields: Unpack[AskFields],
) -> AskReport:
    """Ask about the pages that `draw_documents` drew, by a processor of `ray.data.llm` in place of a server.

    What is asked, kept and written is the same as with `ask_documents`; answers of one are not asked again by the other
    where model and settings are the same. An answer is kept once it leaves the engine, so what a killed engine had in
    its batches is asked again.

    Args:
        pages: The output folder of `draw_documents`, or its address.
        question: What is asked of each document: a question, several, or those of each document by its name.
        config: A `vLLMEngineProcessorConfig` with `prepare_multimodal_stage=True`, or an `HttpRequestProcessorConfig`.
        out: Where `answers/` goes; beside the pages unless given.
        workers: How many processes write requests, and as many keep answers.
        ray_remote_args: What `ray.data.Dataset.flat_map` and `map` are told of these workers.
        progress: Called before the first file of answers, and after each.
        options: How to ask; or the fields of `AskOptions` as keywords. `model` is the config's unless given, and
            `window_tokens` its `max_model_len`; those about servers are the config's business.
        **fields: The fields of `AskOptions`.

    Raises:
        DocumentError: Nothing is asked, or the window has no room for pages.
        GlyphMemoryError: The config is of another kind, there are no pages, the output folder cannot be written to,
            another run holds it, or the cluster is gone.
    """
    if workers < 1:
        raise GlyphMemoryError(f"workers={workers} ask nothing; give 1 or more")
    kind = _find_kind(config)
    asked = options or AskOptions()
    if kind == "vllm" and (asked.extra_body or fields.get("extra_body")):
        raise GlyphMemoryError(
            "extra_body is a field of requests to a server, and vLLM's processor sends none; leave it out, and give "
            "what it stands for in the config"
        )
    if kind == "vllm":
        fields = {**_read_config(config, asked), **fields}
    with open_questions(pages, question, out=out, options=options, **fields) as run:
        if progress is not None:
            progress(run.report())
        for result in _ask(run, config, kind, workers, {"num_cpus": 1, **(ray_remote_args or {})}):
            run.add(result)
            if progress is not None:
                progress(run.report())
    return run.report()


class _ListRequests:
    """What Ray makes on each worker: a shard becomes its requests, as the processor takes them."""

    def __init__(self, versions: dict[str, str], job: bytes, kind: Kind) -> None:
        self._asker, self._job, self._kind = ShardAsker(versions, job), pickle.loads(job), kind  # noqa: S301 - as above

    def __call__(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        shard: AskShard = pickle.loads(row["shard"])  # noqa: S301 - the driver's own
        requests = self._asker.list_requests(shard)
        return [
            {"shard": shard.name, "total": len(requests), "asked": json.dumps(request.describe())}
            | write_request(request.context.to_openai(), self._job, self._kind)
            for request in requests
        ]


class _KeepAnswer:
    """What Ray makes on each worker: what leaves the processor is kept."""

    def __init__(self, versions: dict[str, str], job: bytes) -> None:
        self._asker = ShardAsker(versions, job)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        asked = json.loads(row["asked"])
        error = row.get(_ERROR) or row.get("error") or ""
        if not error:
            usage = Usage(
                prompt_tokens=row["prompt_tokens"] or None, completion_tokens=row["completion_tokens"] or None
            )
            self._asker.keep(
                asked, Reading(text=row["text"], finish_reason=row["finish_reason"], usage=usage)
            )
        return {"shard": row["shard"], "total": row["total"], "key": asked["key"], "error": error}


def write_request(messages: list[dict[str, Any]], job: AskJob, kind: Kind) -> dict[str, Any]:
    """Return the columns that a processor takes: messages with pages as `data:` URLs, and how it samples."""
    options = job.options
    sampling: dict[str, Any] = {"max_tokens": options.answer_tokens}
    if options.temperature is not None:
        sampling["temperature"] = options.temperature
    if options.seed is not None:
        sampling["seed"] = options.seed
    if kind == "vllm":
        return {"messages": messages, "sampling_params": sampling}
    named = {"model": job.model} if job.model else {}
    return {"payload": {**(options.extra_body or {}), **named, **sampling, "messages": messages}}


def read_row(row: Mapping[str, Any], *, kind: Kind, answer_tokens: int) -> dict[str, Any]:
    """Return what a processor answered, whichever it is, as columns of one kind."""
    told = {name: row[name] for name in ("shard", "total", "asked")}
    empty = {"text": "", "finish_reason": "", "prompt_tokens": 0, "completion_tokens": 0, "error": ""}
    if kind == "vllm":
        written = int(row["num_generated_tokens"])
        return {
            **told,
            **empty,
            "text": row["generated_text"],
            "finish_reason": "length" if written >= answer_tokens else "stop",
            "prompt_tokens": int(row["num_input_tokens"]),
            "completion_tokens": written,
        }
    response = _read_mapping(row["http_response"])
    choices = response.get("choices")
    choice = _read_mapping(choices[0]) if isinstance(choices, Sequence | np.ndarray) and len(choices) else {}
    text = _read_mapping(choice.get("message")).get("content")
    if not isinstance(text, str):
        return {**told, **empty, "error": f"the server answered no chat completion: {str(response)[:300]}"}
    usage, reason = _read_mapping(response.get("usage")), choice.get("finish_reason")
    return {
        **told,
        **empty,
        "text": text,
        "finish_reason": reason if isinstance(reason, str) and reason else "stop",
        "prompt_tokens": _read_count(usage.get("prompt_tokens")),
        "completion_tokens": _read_count(usage.get("completion_tokens")),
    }


def _read_mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _read_count(value: object) -> int:
    """Return a count that a server told; 0 where it told none."""
    is_count = isinstance(value, int | float) and 0 < value < _MOST_TOKENS
    return int(value) if is_count else 0  # type: ignore[call-overload]  # a number, as was just found out


def _find_kind(config: object) -> Kind:
    kind = next((_KINDS[one.__name__] for one in type(config).__mro__ if one.__name__ in _KINDS), None)
    if kind is None:
        raise GlyphMemoryError(
            f"config is of type {type(config).__name__}, which is not known here; give a vLLMEngineProcessorConfig or "
            "an HttpRequestProcessorConfig of ray.data.llm"
        )
    if kind == "vllm" and not getattr(config, "prepare_multimodal_stage", False):
        raise GlyphMemoryError(
            "without its multimodal stage vLLM is sent no pages; give vLLMEngineProcessorConfig(…, "
            "prepare_multimodal_stage=True)"
        )
    return kind


def _read_config(config: Any, options: AskOptions) -> AskFields:  # noqa: ANN401 - as above
    """Return what the config says and the options leave open."""
    fields: AskFields = {}
    source, window = getattr(config, "model_source", None), dict(config.engine_kwargs).get("max_model_len")
    if options.model is None and isinstance(source, str):
        fields["model"] = source
    if options.window_tokens is None and isinstance(window, int):
        fields["window_tokens"] = window
    return fields


def _ask(
    run: AskRun,
    config: Any,  # noqa: ANN401 - as above
    kind: Kind,
    workers: int,
    remote: Mapping[str, Any],
) -> Iterator[AskResult]:
    if not run.shards:
        return
    from ray.data.llm import build_processor  # noqa: PLC0415 - heavy

    with tell_of_clusters():
        start_ray()
        answer_tokens = run.job.options.answer_tokens
        processor = build_processor(
            config,
            preprocess=lambda row: row,
            postprocess=lambda row: read_row(row, kind=kind, answer_tokens=answer_tokens),
        )
        pool = ray.data.ActorPoolStrategy(size=workers)
        requests = make_rows(run.shards).flat_map(
            _ListRequests,
            fn_constructor_args=(*run.asker, kind),
            compute=pool,
            **remote,
        )
        kept = processor(requests).map(
            _KeepAnswer,  # type: ignore[arg-type]  # as above
            fn_constructor_args=run.asker,
            compute=pool,
            **remote,
        )
        waiting = {shard.name: shard for shard in run.shards}
        came, errors = Counter[str](), defaultdict[str, dict[str, str]](dict)
        for row in kept.iter_rows():
            name = row["shard"]
            came[name] += 1
            if row["error"]:
                errors[name][row["key"]] = row["error"]
            if came[name] >= row["total"] and name in waiting:
                yield _finish(run, waiting.pop(name), errors.pop(name, {}))
        for shard in waiting.values():  # in which nothing was left to ask
            yield _finish(run, shard, errors.get(shard.name, {}))


def _finish(run: AskRun, shard: AskShard, errors: dict[str, str]) -> AskResult:
    """Write a shard's answers, which are all kept, into its file."""
    finish: Any = ray.remote(num_cpus=0)(_write_shard)
    result: AskResult = ray.get(finish.remote(run.asker, shard, errors))
    return result


def _write_shard(asker: tuple[dict[str, str], bytes], shard: AskShard, errors: dict[str, str]) -> AskResult:
    try:
        return ShardAsker(*asker).ask(replace(shard, resumes=True), errors=errors)
    except GlyphMemoryError as error:  # as Ray tells of it, it would be a screen long
        return AskResult(name=shard.name, refusal=str(error))
