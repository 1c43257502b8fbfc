"""The rules against the processors they are taken from.

Resampling is left out where only the outcome's size matters, and done for a dozen images a family, so that what is
compared is what really runs.
"""

from __future__ import annotations

import importlib
import logging
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from glyph_memory.errors import ProfileError
from glyph_memory.tokens import ModelProfile
from tests.tokens.processors import FAMILIES, Family, count_llava_onevision, pil

pytest.importorskip("transformers")

logging.getLogger("transformers").setLevel(logging.ERROR)  # it wonders aloud about every image 3 px wide

Size = tuple[int, int]
each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def processed(family: Family, processor: Any, size: Size) -> int | None:
    """Process one image that takes no memory, and count; None where the processor refuses it or breaks."""
    assert family.count is not None
    image = np.broadcast_to(np.uint8(255), (3, size[1], size[0]))
    try:
        return family.count(processor, processor(image, input_data_format="channels_first"))
    except (ValueError, TypeError, ZeroDivisionError):
        return None


def counted(name: str, size: Size) -> int | None:
    """Count with the profile; None where it refuses."""
    try:
        return ModelProfile.from_name(name).image_tokens(size, wrapped=False)
    except ProfileError:
        return None


def blank(image: NDArray[np.uint8], size: tuple[int, int], **_: object) -> NDArray[np.uint8]:
    """Stand in for resampling: an image of the right size with nothing on it."""
    if 0 in size:
        raise ValueError("height and width must be > 0")  # as Pillow does
    return np.broadcast_to(np.uint8(0), (image.shape[0], *size))


@each_family
def test_a_rule_counts_what_the_processor_makes(
    family: Family, sizes: list[Size], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some 550 sizes a family, refusals included: the rule and the processor agree on every one."""
    monkeypatch.setattr("transformers.image_processing_backends.np_resize", blank)
    processor = family.make()

    def expected(size: Size) -> int | None:
        if family.quick is None:
            return processed(family, processor, size)
        try:
            return family.quick(processor, size)
        except ValueError:
            return None

    found = [(size, counted(family.name, size), expected(size)) for size in sizes]
    assert [row for row in found if row[1] != row[2]] == []
    assert sum(row[1] is not None for row in found) > 400


@pytest.mark.parametrize("family", [one for one in FAMILIES if one.count], ids=lambda family: family.name)
def test_a_rule_counts_what_really_processed_images_become(family: Family, sizes: list[Size]) -> None:
    """A dozen sizes a family through the whole processor, resampling and all."""
    few = [(595, 842), (588, 840), (28, 28), (13, 300), (300, 13), (769, 100), (27, 27), (1, 1)]
    few += [size for size in sizes[-250:] if max(size) < 900][:4]
    processor = family.make()
    assert len(few) == 12
    assert [counted(family.name, size) for size in few] == [
        processed(family, processor, size) for size in few
    ]


def test_several_images_cost_llava_onevision_a_flat_sum_each() -> None:
    """Two images in a prompt are not tiled; the processor is told so by the nesting of its input."""
    processor = pil("llava_onevision", "LlavaOnevision")
    image = np.full((3, 842, 595), 255, np.uint8)
    output = processor([[image, image]], input_data_format="channels_first")
    each = count_llava_onevision(processor, output)
    profile = ModelProfile.from_name("llava-onevision")
    assert (each, profile.image_tokens((595, 842), images=2), profile.pages_tokens([(595, 842)] * 2)) == (
        730,
        730,
        1460,
    )


def test_deepseek_ocr_2_is_counted_by_what_processing_does_not_by_its_own_counter() -> None:
    """Its counting method takes the whole view's side for the tile's, and knows no threshold."""
    processor = pil("deepseek_ocr2", "DeepseekOcr2")
    tiles = processor.get_number_of_image_patches(500, 500, {})
    assert counted("deepseek-ocr-2", (500, 500)) == 257
    assert 257 + 144 * (tiles - 1) != 257


def test_gemmas_wrapping_is_what_its_processor_writes_round_an_image() -> None:
    """Begin, end, and a blank line on both sides."""
    module = importlib.import_module("transformers.models.gemma3.processing_gemma3")
    source = importlib.import_module("inspect").getsource(module.Gemma3Processor.__init__)
    assert r'f"\n\n{tokenizer.boi_token}{image_tokens_expanded}{tokenizer.eoi_token}\n\n"' in source
    assert ModelProfile.from_name("gemma-3").wrap_tokens == 4


def test_lightonocr_costs_no_more_where_its_processor_rounds_up_to_patches(sizes: list[Size]) -> None:
    """Checkpoints may round sides up to 14 px instead of 28 px: pages of whole cells cost the same, others no more."""
    family = next(family for family in FAMILIES if family.name == "lightonocr")
    processor = pil("pixtral", "Pixtral", size={"longest_edge": 1540}, patch_size=14, do_pad=False)
    small = [size for size in sizes if max(size) < 600]
    pairs = [(counted("lightonocr", size) or 0, processed(family, processor, size) or 0) for size in small]
    assert all(ours >= theirs for ours, theirs in pairs)
    assert processed(family, processor, (588, 840)) == counted("lightonocr", (588, 840))
