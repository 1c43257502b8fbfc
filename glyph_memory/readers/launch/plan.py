"""Plan the command that starts a server on which pages that are asked about again are cheap: `plan_server`.

It starts nothing, and asks neither the machine nor the network. Knows models by their profiles; what each
engine's settings are stands in `engines`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from glyph_memory.checks import check_text
from glyph_memory.errors import ReaderError, show_value
from glyph_memory.readers.launch.asked import (
    check_form,
    check_numbers,
    check_shares,
    check_words,
    count_gpus,
    find_profile,
)
from glyph_memory.readers.launch.command import ServerCommand, Setting
from glyph_memory.readers.launch.engines import VLLM_ON_RAY, Wish, list_llama_cpp, list_sglang, list_vllm
from glyph_memory.readers.launch.sizing import Network, find_network, fit_window, measure_load
from glyph_memory.tokens import ModelProfile

_ASSUMED = "glyph"
_ASSUMED_WINDOW = 32_768


@dataclass(frozen=True, kw_only=True, slots=True)
class _Engine:
    """A server's program."""

    list_settings: Callable[[Wish], Iterator[Setting]]
    """What it is started with."""
    program: tuple[str, ...]
    """How it is started."""
    names_model: bool
    """Whether the model's name stands behind the program, before all options."""


ENGINES = MappingProxyType(
    {
        "vllm": _Engine(list_settings=list_vllm, program=("vllm", "serve"), names_model=True),
        "sglang": _Engine(
            list_settings=list_sglang, program=("python", "-m", "sglang.launch_server"), names_model=False
        ),
        "llama.cpp": _Engine(list_settings=list_llama_cpp, program=("llama-server",), names_model=False),
    }
)
"""The servers that are known, by name."""


def plan_server(
    model: str,
    *,
    engine: str = "vllm",
    profile: ModelProfile | str | None = None,
    gpus: int | None = None,
    devices: Sequence[str] = (),
    gpu_memory_gib: float | None = None,
    pages_folder: str | None = None,
    window_tokens: int | None = None,
    host: str = "127.0.0.1",
    port: int = 8000,
    mmproj: str | None = None,
) -> ServerCommand:
    """Return the command that starts a server for a model's pages, with the reason of each setting.

    Args:
        model: A hub's id, a folder, or a GGUF file.
        engine: `"vllm"`, `"sglang"` or `"llama.cpp"`.
        profile: The model's profile, where its name does not say. For an unknown model Glyph's numbers are
            assumed, and a note says so.
        gpus: How many GPUs of one machine share the model; as many as `devices`, or 1.
        devices: Which GPUs, by number or by UUID.
        gpu_memory_gib: Memory of each GPU. With it, the window of models whose numbers are known is made to fit. Of a
            GGUF file the bits of a weight are read from its name; a note says what was assumed.
        pages_folder: A folder of page files that the server may open (vLLM); a relative one is of this folder.
        window_tokens: Prompt and answer together; the profile's window if none is given.
        host: The address to listen on.
        port: The port to listen on.
        mmproj: llama.cpp's file that reads pictures; needed beside a GGUF file.

    Raises:
        ProfileError: No such profile is known, the model reads no pictures, or its vendor alone serves it.
        ReaderError: No such engine, one that takes no such model, something out of range or of another kind, or GPUs
            that do not hold the model.

    Example:
        >>> print(plan_server("zai-org/Glyph", gpus=2).arguments[:3])
        ('vllm', 'serve', 'zai-org/Glyph')
    """
    check_text("engine", engine, ReaderError)
    if engine not in ENGINES:
        raise ReaderError(f"no engine {show_value(engine)}; there are {', '.join(ENGINES)}")
    optional = {"pages_folder": pages_folder, "mmproj": mmproj}
    check_words(model=model, host=host, **{name: word for name, word in optional.items() if word is not None})
    number = count_gpus(gpus, devices)
    check_numbers(window_tokens=window_tokens, port=port, gpu_memory_gib=gpu_memory_gib)
    found = find_profile(model, profile)
    assumed = check_form(model, engine, mmproj)
    network = find_network(found, model, engine=engine, gpus=number)
    if network is not None and engine != "llama.cpp":
        check_shares(model, network, number)
    window = window_tokens or (found.window_tokens if found is not None else _ASSUMED_WINDOW)
    fitted = window
    if network is not None and gpu_memory_gib is not None:
        fitted = fit_window(window, network, gpus=number, gpu_memory_gib=gpu_memory_gib)
    wish = Wish(
        model=model,
        profile=found,
        load=measure_load(found or ModelProfile.from_name(_ASSUMED), fitted),
        gpus=number,
        devices=tuple(devices) or _name_first(engine, gpus),
        gpu_memory_gib=gpu_memory_gib,
        pages_folder=None if pages_folder is None else _find_whole(pages_folder),
        host=host,
        port=port,
        mmproj=mmproj,
    )
    row = ENGINES[engine]
    return ServerCommand(
        engine=engine,
        model=model,
        profile=None if found is None else found.name,
        window_tokens=fitted,
        window_pages=wish.load.pages,
        program=(*row.program, *((model,) if row.names_model else ())),
        settings=tuple(row.list_settings(wish)),
        notes=(
            *(() if assumed is None else (assumed,)),
            *_list_notes(wish, engine, network=network, wanted=window),
        ),
    )


def _find_whole(folder: str) -> str:
    """Return a folder's whole path: the server may be started elsewhere."""
    # Path's own `expanduser` raises an error where a user is unknown.
    return str(Path(os.path.expanduser(folder)).absolute())  # noqa: PTH111


def _name_first(engine: str, gpus: int | None) -> tuple[str, ...]:
    """Return the first GPUs for llama.cpp, which has no option for their number and takes all that it sees."""
    return tuple(map(str, range(gpus))) if engine == "llama.cpp" and gpus is not None else ()


def _list_notes(wish: Wish, engine: str, *, network: Network | None, wanted: int) -> Iterator[str]:
    shown, load = show_value(wish.model), wish.load
    if wish.profile is None:
        yield (
            f"Assumed: no profile is known for {shown}. Pages are counted as Glyph's ({load.tokens} tokens each), and "
            f"the window is {load.window_tokens:,} tokens. Check both: --profile and --window say otherwise."
        )
    elif load.window_tokens > wish.profile.window_tokens:
        yield (
            f"The window is longer than the model's own ({wish.profile.window_tokens:,} tokens): the server refuses it "
            "unless its RoPE scaling is set."
        )
    if load.window_tokens < wanted:
        yield (
            f"The GPUs have room for {load.window_tokens:,} of {wanted:,} tokens. Tell the memory: "
            f"window_tokens={load.window_tokens}. Clients of find_served_model are told by the server."
        )
    yield (
        _describe_memory(wish, network)
        if network is not None
        else f"{'' if wish.gpu_memory_gib is None else 'Assumed: the window fits. '}"
        f"How much memory {shown} needs is not known here; watch the server's first lines. If they say that the "
        "window does not fit, lower it."
    )
    if engine == "llama.cpp":
        if wish.pages_folder is not None:
            yield "The folder of pages is left out: llama.cpp gets every picture in the request."
        yield (
            "--cache-reuse is left out: the server turns it off where an mmproj is loaded, and a prefix that does not "
            "move needs none."
        )
        yield "Without --image-min-tokens and --image-max-tokens: they would change what a page costs."
        return
    if network is None and wish.gpus & (wish.gpus - 1):
        yield f"{wish.gpus} must divide the model's attention heads; 2, 4 and 8 mostly do."
    if engine == "sglang" and wish.pages_folder is not None:
        yield "SGLang opens every file that a request names; it has no option for a folder. Let nobody else reach it."
    if engine == "vllm":
        yield (
            "A conversation sends its pictures with uuids or without, and never changes: the two do not share a cache."
        )
    yield f"More GPUs than one machine has: vLLM on Ray does that, {VLLM_ON_RAY}"


def _describe_memory(wish: Wish, network: Network) -> str:
    window_gib = wish.load.window_tokens * network.kv_kib / 2**20
    how = "Weights in bf16." if network.assumed is None else f"Assumed: {network.assumed}."
    need = f"Memory: {network.weights_gib:.1f} GiB of weights, {window_gib:.1f} GiB of keys and values for one window"
    if wish.gpu_memory_gib is None:
        return (
            f"{need}, and a few GiB for the work, on {wish.gpus} GPU{'s' * (wish.gpus > 1)} together. {how}"
        )
    room = network.count_room(gpus=wish.gpus, gpu_memory_gib=wish.gpu_memory_gib)
    return f"{how} {need}; about {room / wish.load.window_tokens:.1f} such windows fit beside the weights."
