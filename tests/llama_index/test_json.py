"""What components are told as: JSON, dictionaries, a workflow's context and pickles bring back the same options."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.schema import BaseComponent
from llama_index.core.workflow import JsonSerializer
from llama_index.memory.glyph import (
    GlyphMemory,
    GlyphOpenAILike,
    PageNodeParser,
    PagePostprocessor,
    PagePromptHelper,
)

from glyph_memory import FoldPolicy, ImageRule, ModelProfile, PageStyle, ProfileError, Size

GLYPH = ModelProfile.from_name("glyph")
POLICY = FoldPolicy(window_tokens=9000)
WAYS: dict[str, Callable[[Any], Any]] = {
    "json": lambda told: type(told).from_json(told.to_json()),
    "dict": lambda told: type(told).from_dict(json.loads(json.dumps(told.to_dict()))),
    "context": lambda told: JsonSerializer().deserialize(JsonSerializer().serialize(told)),
    "pickle": lambda told: pickle.loads(pickle.dumps(told)),  # noqa: S301  our own
}


@dataclass(frozen=True, kw_only=True)
class OwnRule(ImageRule):
    """A rule that no known model follows."""

    per_image: int
    grid: tuple[tuple[int, int], ...] = ((1, 2), (3, 4))

    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Return the same for each."""
        return self.per_image


class OpaqueRule(ImageRule):
    """A rule that is no dataclass."""

    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Return the same for each."""
        return 700


@pytest.fixture(params=["window", "rule", "own rule", "tokenizer"])
def profile(request: pytest.FixtureRequest, tmp_path: Path) -> ModelProfile:
    """Return a profile that is in no table."""
    match request.param:
        case "window":
            return replace(GLYPH, window_tokens=32_768)
        case "rule":
            return replace(GLYPH, image_rule=replace(GLYPH.image_rule, max_px=999_999))  # type: ignore[type-var]  # a dataclass, as all of ours
        case "own rule":
            return replace(GLYPH, name="mine", image_rule=OwnRule(per_image=700))
    vocabulary = {"model": {"type": "WordLevel", "vocab": {"a": 0, "[UNK]": 1}, "unk_token": "[UNK]"}}
    (tmp_path / "tokenizer.json").write_text(json.dumps(vocabulary))
    return replace(GLYPH, name="mine").with_tokenizer(tmp_path)


def make_components(
    folder: Path, *, profile: ModelProfile, style: PageStyle | str | None
) -> Iterator[BaseComponent]:
    """Yield one of each component that has page options."""
    yield GlyphMemory.from_defaults(profile=profile, style=style, policy=POLICY)
    yield GlyphMemory.from_store(folder / "chat.db", profile=profile, style=style, policy=POLICY)
    yield GlyphOpenAILike(profile=profile, style=style, policy=POLICY, api_key="x")
    yield PageNodeParser(profile=profile, style=style, pages_dir=folder)
    yield PagePostprocessor(profile=profile, style=style)
    yield PagePromptHelper(profile=profile)


@pytest.mark.parametrize("way", WAYS)
def test_a_profile_of_ones_own_comes_back(profile: ModelProfile, way: str, tmp_path: Path) -> None:
    """With its window, its rule and the rule's parameters, and its tokenizer's file."""
    for told in make_components(tmp_path, profile=profile, style=None):
        back = WAYS[way](told)
        assert (back.profile, type(back)) == (profile, type(told))
        if isinstance(told, GlyphMemory | GlyphOpenAILike):
            assert back.page_options == told.page_options


@pytest.mark.parametrize("way", WAYS)
def test_policies_and_styles_come_back(way: str, tmp_path: Path) -> None:
    """Presets by name and by value, and the layout that is chosen for each text."""
    for style in ("dark", PageStyle.auto(), PageStyle.code(), PageStyle.auto(line_price=3)):
        for told in make_components(tmp_path, profile=GLYPH, style=style):
            back = WAYS[way](told)
            for name in ("style", "policy"):
                assert getattr(back, name, None) == getattr(told, name, None)


def test_a_rule_that_json_cannot_hold_is_refused_where_it_is_read(tmp_path: Path) -> None:
    """In one line that says what to do. Until then a memory is told: a context would drop one that is not."""
    profile = replace(GLYPH, name="mine", image_rule=OpaqueRule())
    for told in make_components(tmp_path, profile=profile, style=None):
        text = told.to_json()
        with pytest.raises(
            ProfileError, match=r"of the profile 'mine' cannot be read back.* dataclass"
        ) as caught:
            type(told).from_json(text)
        assert "\n" not in str(caught.value)


def test_a_rule_whose_class_is_not_loaded_is_refused() -> None:
    """Nothing is imported because JSON says so."""
    profile = replace(GLYPH, name="mine", image_rule=OwnRule(per_image=700))
    told = GlyphMemory.from_defaults(profile=profile).to_json().replace("OwnRule", "GoneRule")
    with pytest.raises(ProfileError, match=r"GoneRule' is loaded; import its module first") as caught:
        GlyphMemory.from_json(told)
    assert "\n" not in str(caught.value)
