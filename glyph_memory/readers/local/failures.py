"""What to do when a model's code raises: free memory and try once more, or say in an error of ours what it was.

Knows errors of torch and transformers; knows nothing about prompts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

from glyph_memory.errors import GlyphMemoryError, ReaderError
from glyph_memory.readers.reader import OutOfMemory

A = TypeVar("A")
R = TypeVar("R")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that a device, or this machine, had no memory left.

    Example:
        >>> is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"))
        True
    """
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and "allocate memory" in str(error)


def run_with_memory(
    act: Callable[[], None], *, fail: Callable[[BaseException], None], free: Callable[[], None]
) -> None:
    """Do something; where memory was too small, free some and do it once more; hand on what it raises then."""
    try:
        act()
    except Exception as error:
        if not is_out_of_memory(error):
            fail(translate_error(error))
            return
        free()
        try:
            act()
        except Exception as again:  # as above
            fail(_out_of_memory(again) if is_out_of_memory(again) else translate_error(again))
            free()


def tell_memory(call: Callable[[A], R]) -> Callable[[A], R]:
    """Return a call that raises `OutOfMemory` where memory is too small for it."""

    def tell(given: A) -> R:
        try:
            return call(given)
        except Exception as error:
            if is_out_of_memory(error):
                raise _out_of_memory(error) from error
            raise

    return tell


def translate_error(error: Exception) -> BaseException:
    """Return an error of ours for whatever a model's code raised."""
    if isinstance(error, GlyphMemoryError):
        return error
    failed = ReaderError(f"the model failed with {type(error).__name__}: {str(error)[:300]!r}")
    failed.__cause__ = error
    return failed


def _out_of_memory(error: Exception) -> OutOfMemory:
    said = (str(error).splitlines() or [type(error).__name__])[0]
    failed = OutOfMemory(
        f"out of memory, even with empty caches: {said[:200]!r}. Send fewer pages, lower "
        "max_tokens or prefill_chunk_tokens, or load the model with quantization='4bit'"
    )
    failed.__cause__ = error
    return failed
