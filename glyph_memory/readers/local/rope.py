"""How a model's positions are stretched, as for YaRN: check what is given instead of its own, and set it.

Knows the parameters that transformers has for it; loads no weights.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from transformers import PreTrainedConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS, RopeParameters

from glyph_memory.errors import ReaderRefused, show_value

_NUMBERS = (
    "rope_theta", "partial_rotary_factor", "factor", "original_max_position_embeddings", "attention_factor",
    "beta_fast", "beta_slow", "low_freq_factor", "high_freq_factor",
)  # fmt: skip
_FACTOR_AT_MOST = 1024
"""Models were stretched by 64 and by 128; more is a slip."""


def override_rope(config: PreTrainedConfig, given: Mapping[str, Any]) -> None:
    """Set how the text tower's positions are stretched; what is not given stays as it is.

    Raises:
        ReaderRefused: transformers does not know such parameters, some are missing, or one cannot work.
    """
    text = config.get_text_config()
    if not isinstance(given, Mapping):
        raise ReaderRefused(
            f"rope_parameters={show_value(given)} cannot work. Give a dict, as {{'rope_type': 'yarn', 'factor': 4.0}}"
        )
    if not given:
        return
    if not hasattr(text, "rope_parameters"):
        raise ReaderRefused(
            "rope_parameters are given, and this model does not turn positions. Leave them out"
        )
    own: dict[str, Any] = text.rope_parameters or {}
    parameters = {**own, **given}
    known = (*RopeParameters.__annotations__, *own)
    if unknown := [name for name in given if name not in known]:
        raise ReaderRefused(
            f"rope_parameters have {show_value(unknown[0])}, which no model reads; they may have "
            f"{', '.join(sorted({*known}))}"
        )
    _check_kind(parameters, given)
    for name in _NUMBERS:
        if name in given and not _is_above_0(given[name]):
            raise ReaderRefused(
                f"rope_parameters have {name}={show_value(given[name])}; give a number above 0"
            )
    _check_section(given, own)
    if parameters.get("rope_type") == "yarn":
        parameters.setdefault("original_max_position_embeddings", text.max_position_embeddings)
    text.rope_parameters = parameters
    try:
        text.validate_rope()
    except (KeyError, ValueError, TypeError) as error:
        why = str(error.args[0] if error.args else error).rstrip(".")
        raise ReaderRefused(
            f"rope_parameters cannot be used: {why}. Give all that this rope_type needs"
        ) from error


def _check_kind(parameters: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    kind: object = parameters.get("rope_type", "default")
    factor: Any = parameters.get("factor")
    known = ("default", *sorted(ROPE_INIT_FUNCTIONS))
    if kind not in known:
        raise ReaderRefused(
            f"rope_parameters have rope_type={show_value(kind)}; give one of {', '.join(known)}"
        )
    if kind == "default":
        if "factor" in given:
            raise ReaderRefused(
                f"rope_parameters have factor={show_value(factor)} and no rope_type that reads it; give "
                "rope_type='yarn' or another"
            )
    elif not _is_above_0(factor) or not 1 <= factor <= _FACTOR_AT_MOST:
        raise ReaderRefused(
            f"rope_parameters have factor={show_value(factor)}; give how often the window is stretched, 1 to "
            f"{_FACTOR_AT_MOST}"
        )


def _check_section(given: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Raise an error for a split of the positions among axes that is not as wide as the model's own."""
    if "mrope_section" not in given:
        return
    split, former = given["mrope_section"], own.get("mrope_section")
    is_split = isinstance(split, (list, tuple)) and len(split) == 3 and all(_is_above_0(one) for one in split)
    if not is_split or (former and sum(split) != sum(former)):
        wide = f" that add up to {sum(former)}, as the model's own {former}" if former else ""
        raise ReaderRefused(
            f"rope_parameters have mrope_section={show_value(split)}; give three numbers{wide}"
        )


def _is_above_0(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
