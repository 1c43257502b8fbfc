"""`TransformersReader`: read contexts with a model in this process.

Wiring only: loading stands in `loading`, what is sent in `prompt`, the model's work in `engine`, its thread in
`worker`, what comes back in `answering`.
"""

from __future__ import annotations

import asyncio
import queue
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, Unpack

from glyph_memory.context import Context
from glyph_memory.errors import ReaderOverflow, ReaderUnavailable, show_value
from glyph_memory.readers.local.extra import check_installed
from glyph_memory.readers.local.options import check_sampling_names, find_cache_folder, list_texts
from glyph_memory.readers.local.tracing import trace_run, trace_run_async
from glyph_memory.readers.reader import Reader, Reading, ReadingDelta, Usage, take_reading
from glyph_memory.readers.sampling import SamplingFields
from glyph_memory.readers.taking import check_context
from glyph_memory.readers.waiting import wait_for

if TYPE_CHECKING:
    from glyph_memory.readers.local.answering import Answering
    from glyph_memory.readers.local.jobs import Event, Job
    from glyph_memory.readers.local.opening import OpenedModel


class TransformersReader(Reader):
    """A reader that runs a vision-language model in this process, with transformers.

    What a prompt has in common with earlier ones is not computed again: a question about pages that were read costs its
    own tokens. Calls from several threads and tasks are answered side by side. The model runs in a thread of its own.

    Args:
        model: A folder with a model, or its name on the hub. Any image-text-to-text model that transformers knows; no
            code that comes with a model is run.
        device: `"cuda"`, `"cuda:1"`, `"mps"`, `"cpu"`; the first there is with `"auto"`.
        dtype: `"bfloat16"`, `"float16"`, `"float32"`; with `"auto"` bfloat16 where the GPU has it, float32 on a CPU.
        attention: `"flash_attention_2"`, `"flash_attention_3"`, `"sdpa"`, `"eager"`; with `"auto"` the fastest there is
            for each tower. `attention` says which were taken.
        quantization: `"4bit"` or `"8bit"` weights, by bitsandbytes; the vision tower is left whole.
        compile: Whether the model's layers are compiled. The first calls take a minute more.
        rope_parameters: Instead of the model's own, such as YaRN's for a larger window.
        prefix_cache_bytes: Most bytes of keys and values that are kept for later prompts; unless given, half of what
            is free on a GPU once the weights are there, and a quarter, 8 GiB at most, elsewhere. 0 keeps none.
        feature_cache_bytes: The same for what the vision tower makes of pages; 1 GiB unless given.
        cache_folder: A folder of yours in which the keys and values of pages are kept between two runs.
        cache_folder_bytes: Most bytes there; what was used longest ago goes first.
        max_tokens: Most tokens to write, reasoning included.
        temperature: 0 takes the likeliest token each time.
        top_p: Only the likeliest tokens that together have this probability.
        top_k: Only this many of the likeliest tokens.
        seed: For a temperature above 0: the same seed gives the same answer.
        stop: Texts before which an answer ends.
        special_tokens: Tokens to be broken wherever they stand in text, in addition to the model's own.
        max_batch_tokens: Most tokens of keys and values that answers may have that are written side by side; unless
            given, what `prefix_cache_bytes` would hold, 16,384 at least.
        prefill_chunk_tokens: How many tokens of a prompt are read at a time: less memory, more calls.

    Raises:
        ReaderRefused: The model cannot be loaded, or an option cannot work; one line says why, and what to do.
        ReaderOverflow: There is too little memory; the line has the numbers.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        device: str = "auto",
        dtype: str = "auto",
        attention: str = "auto",
        quantization: Literal["4bit", "8bit"] | None = None,
        compile: bool = False,
        rope_parameters: Mapping[str, Any] | None = None,
        prefix_cache_bytes: int | None = None,
        feature_cache_bytes: int | None = None,
        cache_folder: str | Path | None = None,
        cache_folder_bytes: int = 16 << 30,
        max_tokens: int = 1024,
        temperature: float = 0.0,
        top_p: float | None = None,
        top_k: int | None = None,
        seed: int | None = None,
        stop: Sequence[str] | str = (),
        special_tokens: Sequence[str] = (),
        max_batch_tokens: int | None = None,
        prefill_chunk_tokens: int | None = None,
    ) -> None:
        check_installed()
        from glyph_memory.readers.local.opening import EngineOptions, open_model  # noqa: PLC0415 - loads torch
        from glyph_memory.readers.local.sampling import Sampling  # noqa: PLC0415 - as above

        self._sampling = Sampling(
            max_tokens=max_tokens, temperature=temperature, top_p=top_p, top_k=top_k, seed=seed,
            stop=list_texts("stop", stop, may_be_one=True),
        )  # fmt: skip
        options = EngineOptions(
            prefix_cache_bytes=prefix_cache_bytes, feature_cache_bytes=feature_cache_bytes,
            max_batch_tokens=max_batch_tokens, prefill_chunk_tokens=prefill_chunk_tokens,
            cache_folder=find_cache_folder(cache_folder), cache_folder_bytes=cache_folder_bytes,
            compiles=compile,
        )  # fmt: skip
        opened = open_model(
            model, device=device, dtype=dtype, attention=attention, quantization=quantization,
            rope_parameters=rope_parameters, options=options,
            special_tokens=list_texts("special_tokens", special_tokens),
        )  # fmt: skip
        loaded = opened.loaded
        self.model: str = loaded.name
        """The model's name."""
        self.window_tokens: int | None = loaded.window_tokens
        """How many tokens a prompt and its answer may have together; `None` where the model does not say."""
        self.device: str = str(loaded.device)
        """Where it runs."""
        self.attention: Mapping[str, str] = loaded.attention
        """Which attention was taken, by tower: `"text"` and `"vision"`."""
        self.reuses_prefixes: bool = opened.reuses_prefixes
        """Whether what prompts have in common is computed once; not for models of unusual attention."""
        self._held = _Held(opened)
        self._finalizer = weakref.finalize(self._held, opened.worker.close)

    def __repr__(self) -> str:
        if not hasattr(self, "_held"):  # an option was refused; a debugger shows what is half made
            return "TransformersReader(…)"
        return f"TransformersReader({show_value(self.model)}, device={self.device!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a TransformersReader holds a model and is not pickled or copied; make one where needed"
        )

    def count_tokens(self, context: Context) -> int:
        """Return the tokens of a context as the model reads it, template and pictures included."""
        opened = self._get_opened()
        opened.worker.check_process()  # as in `_make_job`
        return len(opened.encode(check_context(context)).ids)

    def with_sampling(self, **sampling: Unpack[SamplingFields]) -> Self:
        """Return a reader of the same model, caches and all, that answers with other sampling; see `with_sampling`.

        Closing either closes both.
        """
        check_sampling_names(sampling)
        fields: dict[str, Any] = {**sampling}
        if "stop" in sampling:
            fields["stop"] = list_texts("stop", sampling["stop"], may_be_one=True)
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__ | {"_sampling": replace(self._sampling, **fields)})
        return other

    def read(self, context: Context) -> Reading:
        """Look at a context and answer."""
        return take_reading(list(self.stream(context)))

    def stream(self, context: Context) -> Iterator[ReadingDelta]:
        """Answer piece by piece. Whoever stops iterating stops the model."""
        return self._run(context, is_warming=False)

    async def aread(self, context: Context) -> Reading:
        """Do what `read` does, without blocking the event loop."""
        return take_reading([delta async for delta in self.astream(context)])

    async def astream(self, context: Context) -> AsyncIterator[ReadingDelta]:
        """Do what `stream` does, without blocking the event loop."""
        async for delta in self._arun(context, is_warming=False):
            yield delta

    def warm(self, context: Context) -> Usage:
        """Have the unchanging part of a context read; return its tokens, and how many of them were known."""
        return take_reading(list(self._run(context, is_warming=True))).usage

    async def awarm(self, context: Context) -> Usage:
        """Do what `warm` does, awaited."""
        return take_reading([delta async for delta in self._arun(context, is_warming=True)]).usage

    @property
    def is_busy(self) -> bool:
        """Whether a prompt is being read or answered, or waits for it: a `Warmer` waits, then."""
        opened = self._held.opened
        return opened is not None and not opened.engine.is_idle

    def forget(self) -> None:
        """Drop all that was kept of prompts: keys and values, features, and all such files in `cache_folder`.

        For what must not stay, such as erased turns. What is being answered goes on, and nothing of it is kept.
        """
        opened = self._get_opened()
        opened.worker.call(opened.engine.forget)

    def close(self) -> None:
        """Stop the model, and let go of its memory. A second call does nothing."""
        self._finalizer()
        self._held.opened = None

    async def aclose(self) -> None:
        """Do what `close` does, without blocking the event loop."""
        await asyncio.to_thread(self.close)

    def __enter__(self) -> TransformersReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> TransformersReader:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @trace_run
    def _run(self, context: Context, *, is_warming: bool) -> Iterator[ReadingDelta]:
        mailbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        job = self._make_job(context, mailbox.put, is_warming=is_warming)
        answering, check = self._begin(job), self._get_opened().worker.check
        try:
            while (delta := answering.take(wait_for(mailbox, check))) is None or delta.reading is None:
                if delta is not None:
                    yield delta
            yield delta
        finally:
            job.cancel()

    @trace_run_async
    async def _arun(self, context: Context, *, is_warming: bool) -> AsyncIterator[ReadingDelta]:
        loop = asyncio.get_running_loop()
        mailbox: asyncio.Queue[Event] = asyncio.Queue()

        def send(event: Event) -> None:
            loop.call_soon_threadsafe(mailbox.put_nowait, event)

        job = await asyncio.to_thread(self._make_job, context, send, is_warming=is_warming)
        answering = self._begin(job)
        try:
            while (delta := answering.take(await mailbox.get())) is None or delta.reading is None:
                if delta is not None:
                    yield delta
            yield delta
        finally:
            job.cancel()

    def _make_job(
        self, context: Context, send: Callable[[Event], object], *, is_warming: bool = False
    ) -> Job[Any]:
        """Spell a context for the model: milliseconds, and more where pictures are new.

        Raises:
            ReaderOverflow: It is larger than the model's window.
        """
        from glyph_memory.readers.local.jobs import Job  # noqa: PLC0415 - loads torch

        opened = self._get_opened()
        opened.worker.check_process()  # before torch is used: in a forked child it may wait for ever
        prompt = opened.encode(check_context(context))
        sampling, window = self._sampling, self.window_tokens
        length = prompt.stable_tokens if is_warming else len(prompt.ids)
        if window is not None:
            if length >= window:
                raise ReaderOverflow(
                    f"the model's maximum context length is {window} tokens, and the prompt has {length}, "
                    f"{prompt.image_tokens} of them for pictures. Send less, or open the memory with "
                    f"window_tokens={window}"
                )
            sampling = replace(sampling, max_tokens=min(sampling.max_tokens, window - length))
        return Job(prompt=prompt, sampling=sampling, send=send, is_warming=is_warming)

    def _begin(self, job: Job[Any]) -> Answering:
        from glyph_memory.readers.local.answering import Answering  # noqa: PLC0415 - loads torch

        opened = self._get_opened()
        answering = Answering(job, tokenizer=opened.loaded.tokenizer, model=self.model)
        opened.worker.submit(job)
        return answering

    def _get_opened(self) -> OpenedModel[Any]:
        opened = self._held.opened
        if opened is None:
            raise ReaderUnavailable(f"{self!r} is closed. Make another one")
        return opened


class _Held:
    """The model, for all readers that share it: its thread ends when the last of them is gone."""

    def __init__(self, opened: OpenedModel[Any]) -> None:
        self.opened: OpenedModel[Any] | None = opened
