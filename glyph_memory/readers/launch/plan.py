"""Plan the command that starts a server on which pages that are asked about again are cheap: `plan_server`.

Pure: it starts nothing, and asks neither the machine nor the network. Knows models by their profiles; what each
engine's settings are stands in `engines`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from glyph_memory.errors import ProfileError, ReaderError, show_value
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
        gpu_memory_gib: Memory of each GPU. With it, the window of models whose numbers are known is made to fit.
        pages_folder: A folder of page files that the server may open (vLLM).
        window_tokens: Prompt and answer together; the profile's window if none is given.
        host: The address to listen on.
        port: The port to listen on.
        mmproj: llama.cpp's file that reads pictures; needed beside a GGUF file.

    Raises:
        ProfileError: No such profile is known, or its vendor alone serves the model.
        ReaderError: No such engine, something out of range, or GPUs that do not hold the model.

    Example:
        >>> print(plan_server("zai-org/Glyph", gpus=2).arguments[:3])
        ('vllm', 'serve', 'zai-org/Glyph')
    """
    if engine not in ENGINES:
        raise ReaderError(f"no engine {show_value(engine)}; there are {', '.join(ENGINES)}")
    optional = {"pages_folder": pages_folder, "mmproj": mmproj}
    _check(model=model, host=host, **{name: word for name, word in optional.items() if word is not None})
    _check(**{f"devices[{place}]": device for place, device in enumerate(devices)})
    number = _count_gpus(gpus, devices)
    found = _find_profile(model, profile)
    network = find_network(found, model)
    _check_numbers(window_tokens=window_tokens, port=port, gpu_memory_gib=gpu_memory_gib)
    if network is not None and network.heads % number and engine != "llama.cpp":
        raise ReaderError(
            f"{number} GPUs cannot share {show_value(model)}: its {network.heads} attention heads are divided evenly. "
            "Name 1, 2 or 4"
        )
    window = window_tokens or (found.window_tokens if found is not None else _ASSUMED_WINDOW)
    fitted = window
    if network is not None and gpu_memory_gib is not None and engine != "llama.cpp":
        fitted = fit_window(window, network, gpus=number, gpu_memory_gib=gpu_memory_gib)
    is_file = model.lower().endswith(".gguf")
    if engine == "llama.cpp" and is_file != (mmproj is not None):
        missing = (
            "--mmproj names the file that reads pictures" if is_file else "--mmproj goes with a GGUF file"
        )
        raise ReaderError(
            f"llama.cpp with {show_value(model)}: {missing}. Give both files, or a repository alone"
        )
    wish = Wish(
        model=model,
        profile=found,
        load=measure_load(found or ModelProfile.from_name(_ASSUMED), fitted),
        gpus=number,
        devices=tuple(devices),
        gpu_memory_gib=gpu_memory_gib,
        pages_folder=pages_folder,
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
        notes=tuple(_list_notes(wish, engine, network=network, wanted=window)),
    )


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
    if engine == "llama.cpp":
        yield (
            "--cache-reuse is left out: the server turns it off where an mmproj is loaded, and a prefix that does not "
            "move needs none."
        )
        yield "Without --image-min-tokens and --image-max-tokens: they would change what a page costs."
        return
    yield (
        _describe_memory(wish, network)
        if network is not None
        else f"How much memory {shown} needs is not known here; watch the server's first lines. If they say that the "
        "window does not fit, lower it."
    )
    if wish.gpus & (wish.gpus - 1):
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
    need = f"Memory: {network.weights_gib} GiB of weights, {window_gib:.1f} GiB of keys and values for one full window"
    if wish.gpu_memory_gib is None:
        return f"{need}, and a few GiB for the work, on {wish.gpus} GPU{'s' * (wish.gpus > 1)} together."
    room = network.count_room(gpus=wish.gpus, gpu_memory_gib=wish.gpu_memory_gib)
    return f"{need}; about {room / wish.load.window_tokens:.1f} such windows fit beside the weights. Estimated in bf16."


def _find_profile(model: str, profile: ModelProfile | str | None) -> ModelProfile | None:
    """Return a model's profile; None where its name says nothing and none was named."""
    if profile is not None:
        found = ModelProfile.of(profile)
    else:
        try:
            found = ModelProfile.from_name(model)
        except ProfileError:
            return None
    if found.family == "openai":
        raise ProfileError(
            f"{show_value(model)} is served by its vendor alone; name a model whose weights you have"
        )
    return found


def _count_gpus(gpus: int | None, devices: Sequence[str]) -> int:
    if gpus is not None and gpus < 1:
        raise ReaderError(f"gpus={show_value(gpus)}: a server needs one at least")
    if devices and gpus is not None and gpus != len(devices):
        raise ReaderError(
            f"gpus={gpus}, and {len(devices)} devices are named ({show_value(','.join(devices))}). Name one of the two"
        )
    return gpus or len(devices) or 1


def _check(**words: str) -> None:
    """Raise an error for a word that a program would take for an option, or that a terminal would act on."""
    for name, word in words.items():
        if not word or not word.isprintable() or word.startswith("-"):
            raise ReaderError(
                f"{name}={show_value(word)} is empty, begins with a hyphen, or holds a control character. Rename it"
            )


def _check_numbers(*, window_tokens: int | None, port: int, gpu_memory_gib: float | None) -> None:
    if window_tokens is not None and window_tokens < 1024:
        raise ReaderError(
            f"window_tokens={show_value(window_tokens)} is below 1,024; no page fits beside an answer"
        )
    if not 1 <= port <= 65_535:
        raise ReaderError(f"port={show_value(port)} is no port; give one from 1 to 65,535")
    if gpu_memory_gib is not None and not 0 < gpu_memory_gib < 100_000:
        raise ReaderError(
            f"gpu_memory_gib={show_value(gpu_memory_gib)} is no memory of a GPU; give GiB, such as 80"
        )
