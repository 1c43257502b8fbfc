"""The rules against the processors they are taken from.

No checkpoint is needed: a processor is its class and a few numbers, which are those of the published
`preprocessor_config.json`. Resampling is left out where only the outcome's size matters, and done for a dozen
images a family, so that what is compared is what really runs.
"""

from __future__ import annotations

import importlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from glyph_memory.errors import ProfileError
from glyph_memory.tokens import ModelProfile

pytest.importorskip("transformers")

logging.getLogger("transformers").setLevel(logging.ERROR)  # it wonders aloud about every image 3 px wide

Size = tuple[int, int]


def pil(family: str, name: str, **settings: object) -> Any:
    """Build a processor of the Pillow kind, which needs no torchvision."""
    module = importlib.import_module(f"transformers.models.{family}.image_processing_pil_{family}")
    return getattr(module, f"{name}ImageProcessorPil")(do_rescale=False, do_normalize=False, **settings)


def bare(family: str, name: str, **attributes: object) -> Any:
    """Make a combined processor without its constructor, which asks for a tokenizer and for torchvision."""
    kind = getattr(
        importlib.import_module(f"transformers.models.{family}.processing_{family}"), f"{name}Processor"
    )
    processor = object.__new__(kind)
    processor.__dict__.update(attributes)
    return processor


def limits(least: int, most: int) -> dict[str, int]:
    """Write limits on pixels as transformers does."""
    return {"shortest_edge": least, "longest_edge": most}


@dataclass(frozen=True, kw_only=True)
class Family:
    """One profile, its image processor, and how tokens follow from what that makes of an image."""

    name: str
    make: Callable[[], Any]
    count: Callable[[Any, dict[str, Any]], int]
    """From the processor and its output for one image."""
    quick: Callable[[Any, Size], int] | None = None
    """From the processor's own counting method, where it asks the function that processing calls."""


def grid(name: str, family: str, kind: str, **settings: object) -> Family:
    """A family whose processor reports a grid of patches, merged two by two."""
    return Family(
        name=name,
        make=lambda: pil(family, kind, **settings),
        count=lambda _, output: int(np.prod(output["image_grid_thw"][0])) // 4,
        quick=lambda processor, size: processor.get_number_of_image_patches(size[1], size[0], {}) // 4,
    )


def rows(name: str, *, patch: int, merge: int, longest: int) -> Family:
    """Pixtral, Mistral 3: cells and a break a row, as `PixtralProcessor.replace_image_token` has them."""
    cell = patch * merge

    def count(_: Any, output: dict[str, Any]) -> int:
        height, width = output["image_sizes"][0]
        return int(height // cell * (width // cell + 1))

    size = {"longest_edge": longest}
    return Family(
        name=name,
        make=lambda: pil("pixtral", "Pixtral", size=size, patch_size=cell, do_pad=False),
        count=count,
    )


def split(name: str, family: str, kind: str, *, longest: int, tile: int, per_tile: int) -> Family:
    """Idefics3 and SmolVLM: the prompt is written out and its tokens counted; a blank line is one."""

    def make() -> Any:
        settings = {"size": {"longest_edge": longest}, "max_image_size": {"longest_edge": tile}}
        return pil(family, kind, **settings, do_pad=False, return_row_col_info=True)

    tags = {"fake_image_token": "<fake>", "global_image_tag": "<global>", "image_token": "<image>"}
    writer = bare("idefics3", "Idefics3", **tags, image_seq_len=per_tile)

    def count(_: Any, output: dict[str, Any]) -> int:
        return len(re.findall(r"<\w+>|\n+", writer.replace_image_token(output, 0)))

    return Family(name=name, make=make, count=count)


def _internvl(_: Any, output: dict[str, Any]) -> int:
    marks = {"start_image_token": "", "end_image_token": "", "image_token": ".", "image_seq_length": 256}
    return len(bare("internvl", "InternVL", **marks).replace_image_token(output, 0))


def _deepseek_ocr2(processor: Any, output: dict[str, Any]) -> int:
    settings = {"image_processor": processor, "image_token": ".", "patch_size": 16, "downsample_ratio": 4}
    return len(bare("deepseek_ocr2", "DeepseekOcr2", **settings).replace_image_token(output, 0))


def _llava_onevision(processor: Any, output: dict[str, Any]) -> int:
    writer = bare(
        "llava_onevision",
        "LlavaOnevision",
        image_processor=processor,
        image_token=".",  # noqa: S106  # no password, but what stands for an image
        num_image_tokens=729,
        vision_feature_select_strategy="full",
        vision_aspect_ratio="anyres_max_9",
    )
    return len(writer.replace_image_token(output, 0))


def _gemma3(_: Any, output: dict[str, Any]) -> int:
    return 256 * len(output["pixel_values"])


FAMILIES = (
    grid("glyph", "glm4v", "Glm4v", size=limits(12_544, 9_633_792)),
    grid("glm-4.6v", "glm46v", "Glm46V", size=limits(12_544, 9_633_792)),
    grid("qwen2-vl", "qwen2_vl", "Qwen2VL", size=limits(3_136, 12_845_056)),
    grid("qwen2.5-vl", "qwen2_vl", "Qwen2VL", size=limits(3_136, 12_845_056)),
    grid("qwen3-vl", "qwen2_vl", "Qwen2VL", patch_size=16, size=limits(65_536, 16_777_216)),
    grid("paddleocr-vl", "paddleocr_vl", "PaddleOCRVL", size=limits(147_384, 2_822_400)),
    rows("pixtral", patch=16, merge=1, longest=1024),
    rows("mistral3", patch=14, merge=2, longest=1540),
    split("idefics3", "idefics3", "Idefics3", longest=1456, tile=364, per_tile=169),
    split("smolvlm", "smolvlm", "SmolVLM", longest=1536, tile=384, per_tile=81),
    split("smolvlm-500m", "smolvlm", "SmolVLM", longest=2048, tile=512, per_tile=64),
    Family(
        name="internvl3",
        make=lambda: pil("got_ocr2", "GotOcr2", size={"height": 448, "width": 448}, crop_to_patches=True),
        count=_internvl,
    ),
    Family(name="deepseek-ocr-2", make=lambda: pil("deepseek_ocr2", "DeepseekOcr2"), count=_deepseek_ocr2),
    Family(
        name="llava-onevision", make=lambda: pil("llava_onevision", "LlavaOnevision"), count=_llava_onevision
    ),
    Family(
        name="gemma-3",
        make=lambda: pil("gemma3", "Gemma3", size={"height": 896, "width": 896}),
        count=_gemma3,
    ),
)
each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def processed(family: Family, processor: Any, size: Size) -> int | None:
    """Process one image that takes no memory, and count; None where the processor refuses it or breaks."""
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
    """Some 540 sizes a family, refusals included: the rule and the processor agree on every one."""
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


@each_family
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
    each = _llava_onevision(processor, output)
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
