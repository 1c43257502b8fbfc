"""The combined processors of transformers, as a reference: text and images go in, and all inputs of the model come out.

Without their video half, which alone needs torchvision.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoTokenizer
from transformers.models.glm4v.processing_glm4v import Glm4vProcessor
from transformers.models.qwen2_5_vl.processing_qwen2_5_vl import Qwen2_5_VLProcessor
from transformers.models.qwen3_vl.processing_qwen3_vl import Qwen3VLProcessor
from transformers.processing_utils import ProcessorMixin

from glyph_memory.context import Context, ImagePart, Text

_PROCESSORS = {
    "glm4v": (Glm4vProcessor, "<|image|>", "<|video|>"),
    "qwen2.5-vl": (Qwen2_5_VLProcessor, "<|image_pad|>", "<|video_pad|>"),
    "qwen3-vl": (Qwen3VLProcessor, "<|image_pad|>", "<|video_pad|>"),
}


def make_inputs(folder: Path, family: str, context: Context) -> Mapping[str, torch.Tensor]:
    """Return what transformers' own processor makes of a context of text and images."""
    kind, image_token, video_token = _PROCESSORS[family]
    tokenizer = AutoTokenizer.from_pretrained(folder)

    class WithoutVideo(kind):  # type: ignore[misc, valid-type]  # the class is chosen by family
        def __init__(self, image_processor: Any, tokenizer: Any, chat_template: str | None = None) -> None:
            self.image_token, self.video_token = image_token, video_token
            self.image_token_id = tokenizer.convert_tokens_to_ids(image_token)
            self.video_token_id = tokenizer.convert_tokens_to_ids(video_token)
            self.video_start_id = tokenizer.convert_tokens_to_ids("<|begin_of_video|>")
            self.video_end_id = tokenizer.convert_tokens_to_ids("<|end_of_video|>")
            ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)

    processor = WithoutVideo(
        AutoImageProcessor.from_pretrained(folder, backend="pil"), tokenizer, tokenizer.chat_template
    )
    made: Mapping[str, torch.Tensor] = processor.apply_chat_template(
        [_spell(message.role, message.parts) for message in context.messages],
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
    )
    return made


def _spell(role: str, parts: Any) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for part in parts:
        if isinstance(part, ImagePart):
            content.append({"type": "image", "image": Image.open(io.BytesIO(part.data)).convert("RGB")})
        elif isinstance(part, Text):
            content.append({"type": "text", "text": part.text})
    return {"role": role, "content": content}
