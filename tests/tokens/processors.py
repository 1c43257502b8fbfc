"""The image processors that rules are compared with, and how tokens follow from what they make of an image.

No checkpoint is needed: a processor is its class and a few numbers, which are those of the published
`preprocessor_config.json`. Knows transformers; knows nothing about what is claimed.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.tokens.lifted import make_kimi, make_minimax

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
    count: Callable[[Any, dict[str, Any]], int] | None
    """From the processor and its output for one image; None where that asks for torchvision."""
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


def count_llava_onevision(processor: Any, output: dict[str, Any]) -> int:
    """Count the prompt that LLaVA-OneVision's processor writes for an image."""
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


def breaks(name: str, family: str, kind: str, writer: Any) -> Family:
    """The Hunyuan families: cells and a break a row, as their processors write them."""

    def count(processor: Any, output: dict[str, Any]) -> int:
        writer().image_processor = processor
        return len(writer().replace_image_token(output, 0, merge_size=2))

    def quick(processor: Any, size: Size) -> int:
        return count(
            processor, {"image_grid_thw": [(1, *processor.get_number_of_image_patches(*size[::-1]))]}
        )

    def make() -> Any:
        if importlib.util.find_spec(f"transformers.models.{family}") is None:
            pytest.skip(f"this release of transformers has no {family}")
        return pil(family, kind)

    return Family(name=name, make=make, count=count, quick=quick)


@cache
def _hunyuan() -> Any:
    return bare("hunyuan_vl", "HunYuanVL", image_token=".", cat_extra_token=True)  # noqa: S106  # no password


@cache
def _hy4() -> Any:
    return bare("hy_v4_vl", "HYV4VL", image_token=".")  # noqa: S106  # no password


def budget(name: str, most: int) -> Family:
    """Gemma 4: the processor says how many tokens it makes."""
    module = "transformers.models.gemma4.image_processing_pil_gemma4"

    def quick(processor: Any, size: Size) -> int:
        patch, pool = processor.patch_size, processor.pooling_kernel_size
        resize = importlib.import_module(module).get_aspect_ratio_preserving_size
        height, width = resize(size[1], size[0], patch, most * pool**2, pool)
        return int(height // patch * (width // patch) // pool**2)

    return Family(
        name=name,
        make=lambda: pil("gemma4", "Gemma4", max_soft_tokens=most),
        count=lambda _, output: int(output["num_soft_tokens_per_image"][0]),
        quick=quick,
    )


def slices(name: str, mode: str) -> Family:
    """MiniCPM-V 4.6: the prompt is written out and its tokens counted, the image's number included."""
    tags = {"image_start_token": "<i>", "image_end_token": "</i>", "image_token": "<p>"}
    tags |= {"slice_start_token": "<s>", "slice_end_token": "</s>"}
    merged = {"16x": 16, "4x": 4}[mode]

    def count(_: Any, output: dict[str, Any]) -> int:
        writer = bare("minicpmv4_6", "MiniCPMV4_6", slice_mode=True, **tags)
        text = writer.replace_image_token(output, 0, image_token_divisor=merged)
        return len(re.findall(r"</?\w+>|\n", text)) + 3

    def quick(processor: Any, size: Size) -> int:
        shape = (size[1], size[0])
        side, patch = processor.scale_resolution, processor.patch_size
        grid = processor.get_sliced_grid(shape, processor.max_slice_nums, side)
        views = [processor.find_best_resize(shape, side, patch, mode, allow_upscale=grid is None)]
        if grid is not None:
            height, width = processor.get_refine_size(shape, grid, side, patch, mode, allow_upscale=True)
            views += [(height // grid[0], width // grid[1])] * (grid[0] * grid[1])
        targets = np.array([(height // patch, width // patch) for height, width in views])
        output = {"grids": [grid or [0, 0]], "num_patches_per_image": [len(views)], "target_sizes": targets}
        return int(count(processor, output))

    return Family(
        name=name,
        make=lambda: pil("minicpmv4_6", "MiniCPMV4_6", downsample_mode=mode),
        count=count,
        quick=quick,
    )


def count_lighton(_: Any, output: dict[str, Any]) -> int:
    """LightOnOCR's prompt for an image: no breaks."""
    writer = bare("lighton_ocr", "LightOnOcr", image_token=".", effective_patch_size=28)  # noqa: S106  # no password
    return len(writer.replace_image_token(output, 0))


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
        name="llava-onevision",
        make=lambda: pil("llava_onevision", "LlavaOnevision"),
        count=count_llava_onevision,
    ),
    Family(
        name="gemma-3",
        make=lambda: pil("gemma3", "Gemma3", size={"height": 896, "width": 896}),
        count=_gemma3,
    ),
    grid("qwen3.5", "qwen2_vl", "Qwen2VL", patch_size=16, size=limits(65_536, 16_777_216)),
    grid("dots.ocr", "qwen2_vl", "Qwen2VL", size=limits(3_136, 11_289_600)),
    grid("ernie-4.5-vl", "ernie4_5_vl_moe", "Ernie4_5_VLMoe"),
    grid("glm-5.3-flash", "glm5_next", "Glm5Next"),
    breaks("hunyuan-ocr", "hunyuan_vl", "HunYuanVL", _hunyuan),
    breaks("hy4-vl", "hy_v4_vl", "HYV4VL", _hy4),
    Family(
        name="lightonocr",
        make=lambda: pil("pixtral", "Pixtral", size={"longest_edge": 1540}, patch_size=28, do_pad=False),
        count=count_lighton,
    ),
    Family(
        name="kimi-k2.5",
        make=make_kimi,
        count=None,
        quick=lambda resize, size: int(np.prod(resize(size[1], size[0])[1])) // 28**2,
    ),
    Family(
        name="minimax-m3",
        make=make_minimax,
        count=None,
        quick=lambda resize, size: int(np.prod(resize(size[1], size[0]))) // 28**2,
    ),
    budget("gemma-4", 280),
    budget("gemma-4-560", 560),
    budget("gemma-4-1120", 1120),
    slices("minicpm-v-4.6", "16x"),
    slices("minicpm-v-4.6-4x", "4x"),
)
