"""Put a loaded model, its caches and its thread together. Knows all of `local`; knows nothing about contexts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

from glyph_memory.checks import check_whole
from glyph_memory.context import Context
from glyph_memory.errors import ReaderRefused, show_value
from glyph_memory.readers.local import attention as segment_attention
from glyph_memory.readers.local.attention import Attention
from glyph_memory.readers.local.compiled import CompiledRow
from glyph_memory.readers.local.disk import PrefixFiles
from glyph_memory.readers.local.engine import Engine
from glyph_memory.readers.local.failures import tell_memory
from glyph_memory.readers.local.features import PictureReader
from glyph_memory.readers.local.forward import Forward
from glyph_memory.readers.local.jobs import P
from glyph_memory.readers.local.keeping import Keeper
from glyph_memory.readers.local.loading import LoadedModel, load_model
from glyph_memory.readers.local.need import ModelShape, free_bytes
from glyph_memory.readers.local.plain import PlainModel
from glyph_memory.readers.local.plain_engine import PlainEngine
from glyph_memory.readers.local.prompt import PromptEncoder
from glyph_memory.readers.local.room import RoomCheck
from glyph_memory.readers.local.segments import PrefixTree
from glyph_memory.readers.local.self_check import runs_over_segments
from glyph_memory.readers.local.worker import RunsJobs, Worker

_MOST_PREFIX_BYTES = 8 << 30
_FEATURE_BYTES = 1 << 30
_FEWEST_BATCH_TOKENS = 16_384
_CHUNK_TOKENS = {"cuda": 4096, "mps": 2048, "cpu": 1024}


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineOptions:
    """How a model is run; `None` leaves a size to what the device has."""

    prefix_cache_bytes: int | None = None
    """Most bytes of keys and values that are kept."""
    feature_cache_bytes: int | None = None
    """Most bytes of pictures' features that are kept."""
    max_batch_tokens: int | None = None
    """Most tokens of keys and values of answers that are written side by side."""
    prefill_chunk_tokens: int | None = None
    """How many tokens of a prompt are read at a time."""
    cache_folder: Path | None = None
    """Where keys and values of pages are kept between runs."""
    cache_folder_bytes: int = 16 << 30
    """Most bytes of them."""
    compiles: bool = False
    """Whether the model's layers are compiled."""

    def __post_init__(self) -> None:
        for name, least in (
            ("prefix_cache_bytes", 0), ("feature_cache_bytes", 0), ("max_batch_tokens", 1), ("prefill_chunk_tokens", 1),
            ("cache_folder_bytes", 0),
        ):  # fmt: skip
            or_none = name != "cache_folder_bytes"
            check_whole(name, getattr(self, name), ReaderRefused, at_least=least, or_none=or_none)
        if not isinstance(self.compiles, bool):
            raise ReaderRefused(f"compile={show_value(self.compiles)} cannot work. It is True or False")


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedModel(Generic[P]):
    """A model that runs."""

    loaded: LoadedModel
    """What was loaded."""
    encode: Callable[[Context], P]
    """Spells a context for it."""
    engine: RunsJobs[P]
    """Runs in the worker's thread; for others to look at alone."""
    worker: Worker[P]
    """Its thread."""
    reuses_prefixes: bool
    """Whether it runs over segments."""


def open_model(
    model: str | Path,
    *,
    device: str,
    dtype: str,
    attention: str,
    quantization: str | None,
    rope_parameters: Mapping[str, Any] | None,
    special_tokens: Sequence[str],
    options: EngineOptions,
) -> OpenedModel[Any]:
    """Load a model and make it ready for jobs.

    Raises:
        ReaderRefused: It cannot be loaded, or its attention is none that can be run over segments.
        ReaderOverflow: There is too little memory.
        ReaderUnavailable: The hub was not reached.
    """
    loaded = load_model(
        model, device=device, dtype=dtype, attention=attention, quantization=quantization,
        rope_parameters=rope_parameters,
    )  # fmt: skip
    if loaded.support.is_direct:
        forward = Forward(loaded.model, loaded.device)
        flash = segment_attention.take_over(loaded.model, loaded.attention["text"])
        if runs_over_segments(forward, loaded):
            encode = PromptEncoder(loaded, special_tokens=special_tokens).encode
            engine = _make_engine(loaded, forward, flash, options)
            return OpenedModel(
                loaded=loaded,
                encode=tell_memory(encode),
                engine=engine,
                worker=Worker(engine),
                reuses_prefixes=True,
            )
        segment_attention.give_back(loaded.model, loaded.attention["text"])
    plain = PlainModel(loaded, special_tokens)
    simple = PlainEngine(plain)
    return OpenedModel(
        loaded=loaded,
        encode=tell_memory(plain.encode),
        engine=simple,
        worker=Worker(simple),
        reuses_prefixes=False,
    )


def _make_engine(
    loaded: LoadedModel, forward: Forward, flash: Attention | None, options: EngineOptions
) -> Engine:
    """Return an engine with caches of the sizes that were asked for, or that the device has room for."""
    shape = ModelShape.of(loaded.config, dtype_bytes=loaded.dtype.itemsize)
    free = free_bytes(loaded.device) or 0
    prefix_bytes = options.prefix_cache_bytes
    if prefix_bytes is None:
        prefix_bytes = free // 2 if loaded.device.type == "cuda" else min(free // 4, _MOST_PREFIX_BYTES)
    tree = PrefixTree(prefix_bytes)
    feature_bytes = _FEATURE_BYTES if options.feature_cache_bytes is None else options.feature_cache_bytes
    pictures = PictureReader(loaded.model, loaded.device, max_bytes=feature_bytes)
    chunk = options.prefill_chunk_tokens or _CHUNK_TOKENS.get(loaded.device.type, _CHUNK_TOKENS["cpu"])
    keeper = None
    if options.cache_folder is not None:
        files = PrefixFiles(
            options.cache_folder, model=loaded.fingerprint, max_bytes=options.cache_folder_bytes
        )
        keeper = Keeper(files, tree=tree, device=loaded.device)
    return Engine(
        forward,
        stop_ids=loaded.stop_ids,
        tree=tree,
        pictures=pictures,
        chunk_tokens=chunk,
        max_batch_tokens=options.max_batch_tokens
        or max(_FEWEST_BATCH_TOKENS, prefix_bytes // shape.kv_bytes_per_token),
        flash=flash,
        check_room=RoomCheck(shape, device=loaded.device, tree=tree, pictures=pictures, chunk_tokens=chunk),
        keeper=keeper,
        compiled=CompiledRow(loaded.model, loaded.device) if options.compiles else None,
    )
