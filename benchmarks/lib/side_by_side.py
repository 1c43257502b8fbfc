"""Measure a prompt of text and the same text as pages on one network: prefill, follow-up, decoding, memory.

Knows a network and prompts; knows nothing about files and tables.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from glyph_memory import PageStyle
from lib.flops import SPARE_BYTES
from lib.page_feed import Fed, Feed, Pixels
from lib.prompts import Prompt, encode_pages, load_pixels, make_page_prompt, make_text_prompt
from lib.random_network import Network
from lib.timing import Stopwatch

PAGES_AT_ONCE = 8
"""Pages that the vision tower encodes together."""
FOLLOW_UP_TOKENS = 200
"""Of a question behind a cached prompt."""
_CHUNKS = (None, 32_768, 8192)
_WARM_STEPS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """A network, and how it is timed."""

    network: Network
    """Both sides have this one."""
    stopwatch: Stopwatch
    """Waits for its device."""
    largest_batch: int
    """More sequences than these are not decoded at once."""
    steps: int = 16
    """Steps of decoding that are timed together."""
    spare_bytes: int = SPARE_BYTES
    """What stays free beside keys and values when the largest batch is chosen."""

    @property
    def is_on_gpu(self) -> bool:
        """Whether there is a GPU's memory to look at."""
        return self.network.device.startswith("cuda")

    def free_bytes(self) -> int | None:
        """Return what is free on the GPU once all that is unused is given back; None without one."""
        if not self.is_on_gpu:
            return None
        gc.collect()
        torch.cuda.empty_cache()
        return int(torch.cuda.mem_get_info()[0])

    def measure_prefill(self, make: Callable[[], Prompt], tokens: int) -> dict[str, Any]:
        """Return how long it takes to make a prompt and read it, at what peak of memory.

        It is read at once; in chunks where that does not fit. Where nothing fits, all is None.
        """
        for chunk in _CHUNKS:
            self.free_bytes()
            try:
                seconds, peak = self._time_prefill(make, tokens, chunk)
            except torch.OutOfMemoryError:
                continue
            return {"prefill_s": seconds, "peak_gib": peak, "chunk_tokens": chunk}
        return {"prefill_s": None, "peak_gib": None, "chunk_tokens": None}

    def _time_prefill(
        self, make: Callable[[], Prompt], tokens: int, chunk: int | None
    ) -> tuple[float, float | None]:
        """Return the seconds, and the peak of memory in GiB on a GPU."""
        if self.is_on_gpu:
            torch.cuda.reset_peak_memory_stats()
        cache = self.network.make_cache(tokens)

        def read() -> torch.Tensor:
            prompt = make()
            return self.network.read(prompt.embedded, prompt.positions, cache, chunk_tokens=chunk)

        seconds = self.stopwatch.median(read)
        return seconds, torch.cuda.max_memory_allocated() / 2**30 if self.is_on_gpu else None

    def measure_follow_up(self, tokens: int) -> float:
        """Return the seconds until the first token of an answer to a question behind so many cached tokens."""
        self.free_bytes()
        asked = make_text_prompt(self.network, range(FOLLOW_UP_TOKENS))
        cache = self.network.make_cache(tokens + FOLLOW_UP_TOKENS, fill=True)
        return self.stopwatch.median(
            lambda: self.network.read(asked.embedded, asked.positions + tokens, cache, start=tokens)
        )

    def choose_batch(self, tokens: int) -> int:
        """Return how many sequences of so many tokens fit beside the weights."""
        free = self.free_bytes()
        if free is None:
            return self.largest_batch
        one = self.network.architecture.count_kv_bytes(tokens + 1)
        return max(1, min(self.largest_batch, (free - self.spare_bytes) // one))

    def measure_decoding(self, tokens: int, batch: int) -> dict[str, Any]:
        """Return the seconds of one step behind so many tokens; fewer sequences where they do not fit after all.

        Every step writes the same place, so that all see the same number of tokens, and one recorded graph of kernels
        serves for all.
        """
        while True:
            self.free_bytes()
            try:
                seconds, way = self._time_steps(tokens, batch)
            except torch.OutOfMemoryError:
                if batch == 1:
                    return {"batch": 0, "step_s": None, "way": "out of memory"}
                batch = max(1, batch * 9 // 10)
            else:
                return {"batch": batch, "step_s": seconds, "way": way}

    def _time_steps(self, tokens: int, batch: int) -> tuple[float, str]:
        network = self.network
        cache = network.make_cache(tokens + 1, batch=batch, fill=True)
        embedded = network.embed(torch.full((batch, 1), 7, device=network.device))
        positions = torch.full((3, batch, 1), tokens, device=network.device)

        def step() -> torch.Tensor:
            return network.read(embedded, positions, cache, start=tokens).argmax(-1)

        run, way = self._record(step)

        def run_all() -> None:
            for _ in range(self.steps):
                run()

        return self.stopwatch.median(run_all) / self.steps, way

    def _record(self, step: Callable[[], torch.Tensor]) -> tuple[Callable[[], object], str]:
        """Return a step as a graph of kernels, without Python between them; the step itself where that cannot be."""
        if not self.is_on_gpu:
            return step, "called"
        try:
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                for _ in range(_WARM_STEPS):
                    step()
            torch.cuda.current_stream().wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                step()
        except torch.OutOfMemoryError:
            raise
        except RuntimeError:  # an operation that cannot be recorded
            torch.cuda.synchronize()
            return step, "called"
        return graph.replay, "graph"


def measure_text(bench: Bench, ids: Sequence[int], question: Sequence[int]) -> dict[str, Any]:
    """Return what a prompt of text takes on the device."""
    tokens = len(ids) + len(question)
    row = {"tokens": tokens, **bench.measure_prefill(lambda: _read_ids(bench, [*ids, *question]), tokens)}
    return row | _measure_behind(bench, tokens)


def measure_pages(bench: Bench, fed: Fed, question: Sequence[int]) -> dict[str, Any]:
    """Return what a prompt of pages takes on the device, the vision tower included."""
    network, grids = bench.network, [page.grid for page in fed.pixels]

    def make() -> Prompt:
        features = [network.encode(pixels, grid) for pixels, grid in loaded]
        return make_page_prompt(network, features, grids, question)

    groups = [fed.pixels[first : first + PAGES_AT_ONCE] for first in range(0, len(grids), PAGES_AT_ONCE)]
    loaded = [load_pixels(network, group) for group in groups]
    encode_s = bench.stopwatch.median(lambda: [network.encode(pixels, grid) for pixels, grid in loaded])
    tokens = make().tokens
    row = {"pages": len(grids), "tokens": tokens, "encode_s": encode_s, **bench.measure_prefill(make, tokens)}
    loaded.clear()
    return row | _measure_behind(bench, tokens)


def measure_whole_text(
    bench: Bench, text: str, encode: Callable[[str], list[int]], question: Sequence[int]
) -> float:
    """Return the seconds from a text's characters to the first token of an answer."""
    tokens = len(encode(text)) + len(question)
    cache = bench.network.make_cache(tokens)

    def answer() -> torch.Tensor:
        prompt = _read_ids(bench, [*encode(text), *question])
        return bench.network.read(prompt.embedded, prompt.positions, cache)

    return bench.stopwatch.median(answer, is_warm=True)


def measure_whole_pages(
    bench: Bench,
    feed: Feed,
    text: str,
    style: PageStyle,
    *,
    question: Sequence[int],
    tokens: int,
    workers: int,
) -> dict[str, Any]:
    """Return the seconds from a text's characters, by way of pages, to the first token: in turn, and overlapped."""
    network = bench.network
    cache = network.make_cache(tokens)

    def answer(features: Sequence[torch.Tensor], grids: Sequence[tuple[int, int, int]]) -> torch.Tensor:
        prompt = make_page_prompt(network, features, grids, question)
        return network.read(prompt.embedded, prompt.positions, cache)

    def go_in_turn() -> Fed:
        fed = feed.make_serially(text, style)
        answer(encode_pages(network, fed.pixels, at_once=PAGES_AT_ONCE), [page.grid for page in fed.pixels])
        return fed

    def overlap() -> None:
        grids: list[tuple[int, int, int]] = []

        def pages() -> Iterator[Pixels]:
            for page in feed.iter_overlapped(text, style, workers=workers):
                grids.append(page.grid)
                yield page

        answer(encode_pages(network, pages(), at_once=PAGES_AT_ONCE), grids)

    fed, in_turn_s = bench.stopwatch.time(go_in_turn)
    return {
        "in_turn_s": in_turn_s,
        "overlapped_s": bench.stopwatch.median(overlap, is_warm=True),
        "cpu_s": fed.seconds,
        "workers": workers,
    }


def _read_ids(bench: Bench, ids: Sequence[int]) -> Prompt:
    return make_text_prompt(bench.network, ids)


def _measure_behind(bench: Bench, tokens: int) -> dict[str, Any]:
    return {
        "kv_gib": bench.network.architecture.count_kv_bytes(tokens) / 2**30,
        "follow_up_s": bench.measure_follow_up(tokens),
        "decode_one": bench.measure_decoding(tokens, 1),
        "decode_most": bench.measure_decoding(tokens, bench.choose_batch(tokens)),
    }
