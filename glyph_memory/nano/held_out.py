"""Return which texts are kept from training, so that figures are of text the reader never learned from.

Knows names of standard-library modules and seeds; knows nothing about either training or measuring.
"""

from __future__ import annotations

import hashlib

FIRST_HELD_OUT_SEED = 1_000_000
"""Generated texts of this seed and above are for measuring; those of seeds below for training."""

_ALWAYS = ("pydoc_data", "pydoc_data.topics")
"""The language reference, which prose is taken from."""


def is_held_out(module_name: str) -> bool:
    """Return whether a module's texts are for measuring alone: a quarter of all modules, by name.

    Args:
        module_name: As it is imported, `json.decoder`.

    Example:
        >>> is_held_out("json"), is_held_out("argparse")
        (True, False)
    """
    first = hashlib.sha256(module_name.encode()).hexdigest()[0]
    return module_name in _ALWAYS or first in "0123"
