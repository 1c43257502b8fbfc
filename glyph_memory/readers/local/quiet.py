"""Keep what transformers says while it loads from the terminal of whoever runs us.

Knows its loggers and progress bars; knows nothing about models.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from glyph_memory.locks import ForkSafeLock

_lock = ForkSafeLock()


@contextmanager
def load_quietly() -> Iterator[None]:
    """Turn off warnings and progress bars of transformers, and turn them on again afterwards.

    They belong to the process, and so one model is loaded at a time.
    """
    from huggingface_hub.utils.tqdm import (  # noqa: PLC0415 - slow to load
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )
    from transformers.utils import logging as spoken  # noqa: PLC0415 - likewise

    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        verbosity, has_bars = spoken.get_verbosity(), spoken.is_progress_bar_enabled()
        hub_has_bars = not are_progress_bars_disabled()
        spoken.set_verbosity(logging.CRITICAL)
        spoken.disable_progress_bar()
        try:
            yield
        finally:
            spoken.set_verbosity(verbosity)
            if has_bars:
                spoken.enable_progress_bar()
            (enable_progress_bars if hub_has_bars else disable_progress_bars)()
