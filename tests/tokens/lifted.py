"""The functions that decide a size in processors that ask for torchvision, without it.

Knows transformers' source; knows nothing about profiles.
"""

from __future__ import annotations

import ast
import importlib.util
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any


def lift(family: str, name: str, **settings: object) -> Callable[..., Any]:
    """Take one function out of a processor that asks for torchvision: it needs `math` alone."""
    function = next(node for node in _read(family) if isinstance(node, ast.FunctionDef) and node.name == name)
    names: dict[str, Any] = {"math": math}
    exec(ast.unparse(function), names)  # noqa: S102  # transformers' own code is what we compare with
    return partial(names[name], **settings)


def read_default(family: str, kind: str, attribute: str) -> Any:
    """Read a default of a processor that asks for torchvision."""
    attributes = next(node for node in _read(family) if isinstance(node, ast.ClassDef) and node.name == kind)
    (value,) = (
        node.value
        for node in attributes.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == attribute
    )
    return eval(ast.unparse(value))  # noqa: S307  # a number, or a dictionary of products of numbers


def _read(family: str) -> list[ast.stmt]:
    spec = importlib.util.find_spec(f"transformers.models.{family}")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).with_name(f"image_processing_{family}.py")
    return ast.parse(path.read_text(encoding="utf-8")).body


def make_kimi() -> Callable[..., Any]:
    """Kimi's rule with the defaults of its class, which are those of its checkpoints."""
    default = partial(read_default, "kimi_k25", "Kimi_K25ImageProcessor")
    return lift(
        "kimi_k25",
        "navit_resize",
        patch_size=default("patch_size"),
        merge_kernel_size=default("merge_size"),
        max_patches=default("max_patches"),
        max_size_per_side=default("size")["max_height"],
    )


def make_minimax() -> Callable[..., Any]:
    """MiniMax-M3's rule with the defaults of its class."""
    size = read_default("minimax_m3_vl", "MiniMaxM3VLImageProcessor", "size")
    least, most = size["shortest_edge"], size["longest_edge"]
    return lift("minimax_m3_vl", "smart_resize", min_pixels=least, max_pixels=most)
