"""Check what a server's command is asked for: words, numbers, GPUs, and the form of the model's name.

Knows what each engine takes for a model; knows nothing about its settings, and asks neither machine nor network.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from glyph_memory.checks import check_number, check_text, check_whole
from glyph_memory.errors import ProfileError, ReaderError, show_value
from glyph_memory.readers.launch.sizing import Network
from glyph_memory.tokens import ModelProfile
from glyph_memory.tokens.catalogue import reads_nothing

_DEVICE = re.compile(r"0|[1-9]\d{0,3}|(GPU|MIG)-[0-9A-Za-z/-]+")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+(:[\w.-]+)?")
_TAG = re.compile(r"[\w.-]+:[\w.-]+")
"""How Ollama names a model; a hub's id has its maker before it."""
_HOLDS_GGUF = re.compile(r"gguf(:[\w.-]+)?$", re.IGNORECASE)


def check_words(**words: object) -> None:
    """Raise an error for a word that a program would take for an option, or that a terminal would act on."""
    for name, word in words.items():
        check_text(name, word, ReaderError)
        if not isinstance(word, str) or not word:
            raise ReaderError(f"{name}='' is empty; give one")
        if word.startswith("-"):
            raise ReaderError(f"{name}={show_value(word)} begins with a hyphen, as options do; give another")
        if not word.isprintable():
            raise ReaderError(f"{name}={show_value(word)} holds a control character; give another")


def check_numbers(*, window_tokens: object, port: object, gpu_memory_gib: object) -> None:
    """Raise an error for what is no number, or out of range."""
    check_whole("window_tokens", window_tokens, ReaderError, at_least=1024, or_none=True)
    check_whole("port", port, ReaderError, at_least=1, at_most=65_535)
    check_number("gpu_memory_gib", gpu_memory_gib, ReaderError, at_most=100_000, is_open=True, or_none=True)


def count_gpus(gpus: int | None, devices: Sequence[str]) -> int:
    """Return how many GPUs share the model.

    Raises:
        ReaderError: A device is none or named twice, or the two numbers differ.
    """
    check_whole("gpus", gpus, ReaderError, at_least=1, or_none=True)
    if isinstance(devices, str) or not isinstance(devices, Sequence):
        raise ReaderError(f"devices={show_value(devices)} is no list of GPUs; give one, such as ['0', '1']")
    check_words(**{f"devices[{place}]": device for place, device in enumerate(devices)})
    for device in devices:
        if not _DEVICE.fullmatch(device):
            raise ReaderError(
                f"devices has {show_value(device)}, which is no GPU; give numbers such as 0, or GPU-… as nvidia-smi -L "
                "lists them"
            )
        if devices.count(device) > 1:
            raise ReaderError(f"devices has {show_value(device)} twice; name each GPU once")
    if devices and gpus is not None and gpus != len(devices):
        raise ReaderError(
            f"gpus={gpus}, and {len(devices)} device{'s are' if len(devices) > 1 else ' is'} named "
            f"({show_value(','.join(devices))}). Name one of the two"
        )
    return gpus or len(devices) or 1


def check_shares(model: str, network: Network, gpus: int) -> None:
    """Raise an error for GPUs that a model's heads cannot be divided among."""
    fitting = [number for number in range(1, network.heads + 1) if network.can_share(number)]
    if gpus not in fitting:
        few = ", ".join(map(str, fitting[:-1]))
        raise ReaderError(
            f"{gpus} GPUs cannot share {show_value(model)}: its {network.heads} attention heads are divided evenly, "
            f"and its {network.kv_heads} of keys and values divided or copied. Name {few} or {fitting[-1]}"
        )


def check_form(model: str, engine: str, mmproj: str | None) -> str | None:
    """Return what must be assumed of a model's name for an engine; None where nothing is.

    Raises:
        ReaderError: The engine takes no such model.
    """
    shown, is_file = show_value(model), model.lower().endswith(".gguf")
    if engine != "llama.cpp":
        if mmproj is not None:
            raise ReaderError(f"mmproj={show_value(mmproj)} is llama.cpp's alone; leave it out for {engine}")
        if is_file or _HOLDS_GGUF.search(model):
            raise ReaderError(
                f"{engine} with {shown}: GGUF files are llama.cpp's. Name the model's own repository, or another engine"
            )
        if _TAG.fullmatch(model):
            raise ReaderError(
                f"{engine} with {shown}: that is Ollama's name. Name a hub's id such as zai-org/Glyph, or a folder"
            )
        return None
    if is_file != (mmproj is not None):
        missing = (
            "--mmproj names the file that reads pictures" if is_file else "--mmproj goes with a GGUF file"
        )
        raise ReaderError(f"llama.cpp with {shown}: {missing}. Give both files, or a repository alone")
    if is_file:
        return None
    if not _REPOSITORY.fullmatch(model) or model.startswith("."):
        raise ReaderError(
            f"llama.cpp with {shown}: that is no repository. Name one as owner/name with GGUF files, or a .gguf file"
        )
    return (
        None
        if "gguf" in model.lower()
        else f"Assumed: {shown} holds GGUF files, though its name does not say so; llama.cpp takes no others."
    )


def find_profile(model: str, profile: ModelProfile | str | None) -> ModelProfile | None:
    """Return a model's profile; None where its name says nothing and none was named.

    Raises:
        ProfileError: The named profile is unknown, the model reads no pictures, or its vendor alone serves it.
    """
    if profile is not None:
        found = ModelProfile.of(profile)
    else:
        try:
            found = ModelProfile.from_name(model)
        except ProfileError:
            if reads_nothing(model):
                raise
            return None
    if found.family == "openai":
        raise ProfileError(
            f"{show_value(model if profile is None else found.name)} is served by its vendor alone; name a model whose "
            "weights you have"
        )
    return found
