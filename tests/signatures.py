"""Which of our names the public signatures of a function or class mention, for the guards of the public faces."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from types import FunctionType, ModuleType

OURS = ("glyph_memory", "glyph_memory_ray", "langchain_glyph_memory", "llama_index.memory.glyph")
OPAQUE = {"Store"}
"""Given to `GlyphMemory.open`, and not looked into: its methods are for the house itself."""
MADE_BY_OTHERS = {"OpenSession", "FoldedHistory", "ShardRun"}
"""Their constructors take what is private: `GlyphMemory.open`, `Folding.fold` and `open_shards` call them."""


def exported_names(module: ModuleType) -> list[str]:
    """Return what a package's `__init__` imports, by the names it has there."""
    imports = [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.ImportFrom)]
    return [alias.asname or alias.name for node in imports for alias in node.names]


def mentioned_names(value: object) -> set[str]:
    """Return our names in the annotations of a function, or of a class's public attributes and methods."""
    if isinstance(function := inspect.unwrap(value), FunctionType):  # type: ignore[arg-type]  # takes anything
        return set(_find_in_function(function))
    if not inspect.isclass(value) or value.__name__ in OPAQUE:
        return set()
    bases = [base for base in value.__mro__ if base.__module__.startswith(OURS)]
    found = {name for base in bases for name in _find_in_class(base)}
    return found - {value.__name__}


def _find_in_class(kind: type) -> Iterator[str]:
    for name, annotation in vars(kind).get("__annotations__", {}).items():
        if not name.startswith("_"):
            yield from _find_in_annotation(annotation, kind.__module__)
    called = {"__call__"} if kind.__name__ in MADE_BY_OTHERS else {"__init__", "__call__"}
    for name, held in vars(kind).items():
        if name.startswith("_") and name not in called:
            continue
        function = (
            getattr(held, "fget", None) or getattr(held, "func", None) or getattr(held, "__func__", held)
        )
        if isinstance(function, FunctionType) and function.__module__.startswith(OURS):
            yield from _find_in_function(function)


def _find_in_function(function: FunctionType) -> Iterator[str]:
    for annotation in function.__annotations__.values():
        yield from _find_in_annotation(annotation, function.__module__)


def _find_in_annotation(annotation: object, module: str) -> Iterator[str]:
    """Yield the names of ours in an annotation, which is a string in every module of ours."""
    if not isinstance(annotation, str):
        return
    own = _find_own_names(module)
    for node in ast.walk(ast.parse(annotation, mode="eval")):
        if isinstance(node, ast.Name) and node.id in own:
            yield own[node.id]


@cache
def _find_own_names(module: str) -> dict[str, str]:
    """Return the names of ours that a module defines or imports, for checkers alone, too; private ones are left out."""
    body = ast.parse(inspect.getsource(importlib.import_module(module))).body
    found = dict[str, str]()
    guarded = [node for block in body if isinstance(block, ast.If) for node in block.body]
    for node in [*body, *guarded]:
        match node:
            case ast.ImportFrom(module=str(source), names=names) if source.startswith(OURS):
                found |= {alias.asname or alias.name: alias.name for alias in names}
            case ast.ClassDef(name=name):
                found[name] = name
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not _is_type_variable(value):
                found[name] = name
    return found


def _is_type_variable(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id in {"TypeVar", "ParamSpec"}
    )


def is_documented(name: str, module: str) -> bool:
    """Return whether a class or function has a docstring, or an alias a string below it where it is defined."""
    value = inspect.unwrap(getattr(importlib.import_module(module), name))
    if inspect.isclass(value) or isinstance(value, FunctionType):
        return bool((value.__doc__ or "").strip())
    body = ast.parse(inspect.getsource(importlib.import_module(module))).body
    for node, after in pairwise(body):
        match node:
            case ast.ImportFrom(module=str(source), names=names) if source.startswith(OURS):
                if any(alias.name == name for alias in names):
                    return is_documented(name, source)
            case ast.Assign(targets=[ast.Name(id=found)]) if found == name:
                return isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    last = body[-1]
    return isinstance(last, ast.ImportFrom) and is_documented(name, str(last.module))
