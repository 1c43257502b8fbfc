"""Build a GLM-4.1V so small that a test can load it: the architecture of zai-org/Glyph with random weights.

Run as a script, `python tiny_glm4v.py FOLDER`, so that the tests themselves never import torch.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoProcessor,
    GenerationConfig,
    Glm4vConfig,
    Glm4vForConditionalGeneration,
    PreTrainedTokenizerFast,
)
from transformers.models.glm4v.image_processing_pil_glm4v import Glm4vImageProcessorPil
from transformers.models.glm4v.processing_glm4v import Glm4vProcessor
from transformers.processing_utils import ProcessorMixin

END = "<|endoftext|>"
SPECIAL = [
    *("[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>"),
    *("<|begin_of_image|>", "<|image|>", "<|end_of_image|>"),
    *("<|begin_of_video|>", "<|video|>", "<|end_of_video|>"),
    *("<think>", "</think>", "<answer>", "</answer>"),
]
TEMPLATE = """\
[gMASK]<sop>
{%- for message in messages %}<|{{ message.role }}|>
{% if message.content is string %}{{ message.content }}{% else %}
{%- for part in message.content %}
{%- if part.type == 'image' %}<|begin_of_image|><|image|><|end_of_image|>{% else %}{{ part.text }}{% endif %}
{%- endfor %}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}<|assistant|>
{% endif %}"""


class PageProcessor(Glm4vProcessor):
    """GLM-4.1V's processor without its video half, which needs torchvision for videos that no page has."""

    def __init__(
        self,
        image_processor: Glm4vImageProcessorPil,
        tokenizer: PreTrainedTokenizerFast,
        chat_template: str | None = None,
    ) -> None:
        ids = _ids(tokenizer)
        self.image_token, self.video_token = "<|image|>", "<|video|>"
        self.image_token_id, self.video_token_id = ids["<|image|>"], ids["<|video|>"]
        self.video_start_id, self.video_end_id = ids["<|begin_of_video|>"], ids["<|end_of_video|>"]
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)


def register() -> None:
    """Let `AutoProcessor` find the class by the name that stands in the folder."""
    AutoProcessor.register(Glm4vConfig, PageProcessor, exist_ok=True)


def build(folder: Path) -> None:
    """Write a model, its tokenizer and its processor: byte-level text, GLM-4.1V's own image rule."""
    tokenizer = _tokenizer()
    pages = Glm4vImageProcessorPil(size={"shortest_edge": 12_544, "longest_edge": 9_633_792})
    PageProcessor(pages, tokenizer, chat_template=TEMPLATE).save_pretrained(folder)
    _model(tokenizer).save_pretrained(folder)


def _tokenizer() -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    text = Tokenizer(models.BPE(vocab={byte: number for number, byte in enumerate(alphabet)}, merges=[]))
    text.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    text.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=text, eos_token=END, pad_token=END, extra_special_tokens=SPECIAL, padding_side="left"
    )


def _ids(tokenizer: PreTrainedTokenizerFast) -> dict[str, int]:
    vocabulary = tokenizer.get_vocab()
    return {token: vocabulary[token] for token in (*SPECIAL, END)}


def _model(tokenizer: PreTrainedTokenizerFast) -> Glm4vForConditionalGeneration:
    ids = _ids(tokenizer)
    config = Glm4vConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "max_position_embeddings": 131_072,
            "pad_token_id": ids[END],
            # The class's own default does not fit its own head size. The sections add up to a quarter of it.
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 10_000.0,
                "partial_rotary_factor": 0.5,
                "mrope_section": [2, 1, 1],
            },
        },
        vision_config={
            "depth": 1,
            "hidden_size": 16,
            "num_heads": 1,
            "intermediate_size": 32,
            "out_hidden_size": 32,
            "patch_size": 14,
            "image_size": 336,
        },
        image_token_id=ids["<|image|>"],
        video_token_id=ids["<|video|>"],
        image_start_token_id=ids["<|begin_of_image|>"],
        image_end_token_id=ids["<|end_of_image|>"],
        video_start_token_id=ids["<|begin_of_video|>"],
        video_end_token_id=ids["<|end_of_video|>"],
        architectures=["Glm4vForConditionalGeneration"],
    )
    torch.manual_seed(0)
    model = Glm4vForConditionalGeneration(config)
    model.eval()
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim > 1:  # the usual 0.02 makes a net this narrow say the same to everything
                weights.normal_(0, weights[0].numel() ** -0.5)
    end = ids[END]
    model.generation_config = GenerationConfig(do_sample=False, pad_token_id=end, eos_token_id=[end])
    return model


if __name__ == "__main__":
    build(Path(sys.argv[1]))
