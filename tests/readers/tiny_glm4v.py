"""Give the tiny GLM-4.1V a processor, which `transformers serve` asks for.

Run as a script, `python tiny_glm4v.py FOLDER`, so that the tests of it never import torch.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import sys
from pathlib import Path

from transformers import AutoProcessor, Glm4vConfig, PreTrainedTokenizerFast
from transformers.models.glm4v.image_processing_pil_glm4v import Glm4vImageProcessorPil
from transformers.models.glm4v.processing_glm4v import Glm4vProcessor
from transformers.processing_utils import ProcessorMixin

from glyph_memory.testing import build_tiny_model


class PageProcessor(Glm4vProcessor):
    """GLM-4.1V's processor without its video half, which needs torchvision for videos that no page has."""

    def __init__(
        self,
        image_processor: Glm4vImageProcessorPil,
        tokenizer: PreTrainedTokenizerFast,
        chat_template: str | None = None,
    ) -> None:
        ids = tokenizer.get_vocab()
        self.image_token, self.video_token = "<|image|>", "<|video|>"
        self.image_token_id, self.video_token_id = ids["<|image|>"], ids["<|video|>"]
        self.video_start_id, self.video_end_id = ids["<|begin_of_video|>"], ids["<|end_of_video|>"]
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)


def register() -> None:
    """Let `AutoProcessor` find the class by the name that stands in the folder."""
    AutoProcessor.register(Glm4vConfig, PageProcessor, exist_ok=True)


def build(folder: Path) -> None:
    """Write a model, its tokenizer and its processor: byte-level text, GLM-4.1V's own image rule."""
    build_tiny_model(folder)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    pages = Glm4vImageProcessorPil.from_pretrained(folder)
    PageProcessor(pages, tokenizer, chat_template=tokenizer.chat_template).save_pretrained(folder)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
