"""An option that cannot work is one line of ours, which names it; nothing is accepted that is then left out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glyph_memory import Context, ReaderRefused, TransformersReader

ASKED = Context.of("When did it start?", pages=[])


def refuse(model: Any, **options: Any) -> str:
    """Return the one line that making a reader fails with."""
    with pytest.raises(ReaderRefused) as caught:
        TransformersReader(model, **{"device": "cpu"} | options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("attention", None), ("attention", 5), ("attention", []), ("attention", {"text": []}),
        ("special_tokens", None), ("special_tokens", [3]), ("special_tokens", "abc"), ("special_tokens", [""]),
        ("stop", None), ("stop", 5), ("stop", [""]), ("stop", b"a"),
        ("cache_folder", "a\0b"), ("cache_folder", 3), ("cache_folder", ""), ("cache_folder", b"a"),
        ("compile", "yes"), ("compile", None), ("device", "cpu:3"),
    ],
)  # fmt: skip
def test_an_option_of_another_kind_is_named(
    tiny_model: Callable[[], Path], option: str, value: object
) -> None:
    """By its name and its value, or the part of it that is wrong."""
    assert refuse(tiny_model(), **{option: value}).startswith(f"{option}=")


@pytest.mark.parametrize("model", [None, 5, "", b"x", "a\0b", "a" * 5000, "~nobody-of-this-name/x"])
def test_a_model_that_is_none_is_named(model: object) -> None:
    """An empty name is not the folder that one happens to be in."""
    assert repr(model)[:20] in refuse(model)


def test_a_folder_that_is_named_like_weights(tmp_path: Path) -> None:
    """It holds none."""
    (tmp_path / "config.json").write_text("{}", "utf-8")
    (tmp_path / "model.safetensors").mkdir()
    assert "has no weights" in refuse(tmp_path)


def test_other_sampling_names_itself(tiny_model: Callable[[], Path]) -> None:
    """In the error for a name that it does not have, and for texts that are none."""
    with TransformersReader(tiny_model(), device="cpu") as reader:
        with pytest.raises(TypeError, match=r"^with_sampling\(\) got an unexpected keyword argument 'bogus'"):
            reader.with_sampling(bogus=1)  # type: ignore[call-arg]  # the mistake
        for stop in (None, 5, [1]):
            with pytest.raises(ReaderRefused, match=r"^stop="):
                reader.with_sampling(stop=stop)  # type: ignore[arg-type]  # likewise


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_tokens_are_not_counted_in_a_forked_child(
    tiny_model: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused before torch is used, which may wait there for ever."""
    with TransformersReader(tiny_model(), device="cpu") as reader:
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr(os, "getpid", lambda: -1)
            with pytest.raises(ReaderRefused, match="does not follow into a forked process"):
                reader.count_tokens(ASKED)
        assert reader.count_tokens(ASKED) > 0
