"""Find tiktoken's vocabularies where they already lie on this machine, and never ask the network for one.

tiktoken itself downloads what it does not find. Here a vocabulary is read only after its file was seen and
its checksum held; everything else means that there is none.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import os
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from glyph_memory.errors import ProfileError
from glyph_memory.files import read_file

if TYPE_CHECKING:
    import tiktoken

Encoding = Literal["cl100k_base", "o200k_base"]
"""The tiktoken encodings that are known here."""

_BYTES_AT_MOST = 16 << 20
"""Of a vocabulary; `o200k_base` has 3.6 MB. Others may write to the folders: one is in the shared `/tmp`."""


@dataclass(frozen=True, slots=True)
class _Source:
    """What tiktoken's `tiktoken_ext.openai_public` says of an encoding."""

    sha256: str
    pattern: str


_SOURCES: dict[Encoding, _Source] = {
    "cl100k_base": _Source(
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
        r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    ),
    "o200k_base": _Source(
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
}


def find_vocabulary(encoding: Encoding) -> Path | None:
    """Return the intact vocabulary file of an encoding; None where this machine has none.

    Looked for, in order: in the folders `TIKTOKEN_CACHE_DIR` and `DATA_GYM_CACHE_DIR` name, where tiktoken
    keeps its downloads, and among the files of an installed `llama_index.core`, which is not imported for it.
    A damaged file is passed over and left alone.
    """
    return _find(encoding, tuple(_folders()))


@lru_cache(maxsize=4)
def load_vocabulary(encoding: Encoding, path: Path) -> tiktoken.Encoding:
    """Build the tokenizer of an encoding from its file.

    It knows no special tokens: to a counter of text, `<|endoftext|>` is thirteen characters.

    Raises:
        ProfileError: The file is gone by now.
    """
    # Imported here: the library is only needed where a vocabulary was found.
    import tiktoken  # noqa: PLC0415

    try:
        data = read_file(path, at_most=_BYTES_AT_MOST)
    except OSError as error:
        raise ProfileError(
            f"the vocabulary {str(path)!r} is gone: {error.strerror}. Run this anew to count without it"
        ) from error
    lines = (line.split() for line in data.splitlines() if line)
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    pattern = _SOURCES[encoding].pattern
    return tiktoken.Encoding(encoding, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})


@lru_cache(maxsize=64)
def _find(encoding: Encoding, folders: tuple[Path, ...]) -> Path | None:
    url = f"https://openaipublic.blob.core.windows.net/encodings/{encoding}.tiktoken"
    name = hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
    for folder in folders:
        try:
            content = read_file(folder / name, at_most=_BYTES_AT_MOST)
        except OSError:
            continue
        if hashlib.sha256(content).hexdigest() == _SOURCES[encoding].sha256:
            return folder / name
    return None


def _folders() -> list[Path]:
    named = [
        Path(folder)
        for name in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR")
        if (folder := os.environ.get(name))
    ]
    return [*named, Path(tempfile.gettempdir()) / "data-gym-cache", *_list_package_folders()]


@lru_cache(maxsize=1)
def _list_package_folders() -> tuple[Path, ...]:
    # The parent alone is looked up: finding `llama_index.core` would import what stands above it.
    spec = importlib.util.find_spec("llama_index")
    homes = (spec.submodule_search_locations or ()) if spec else ()
    return tuple(Path(home) / "core" / "_static" / "tiktoken_cache" for home in homes)
