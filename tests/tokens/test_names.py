"""What users type finds its profile, and what is another model does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from glyph_memory.errors import ProfileError
from glyph_memory.tokens import ModelProfile


@pytest.mark.parametrize(
    ("spelt", "name"),
    [
        ("glyph", "glyph"),
        ("GLM-4.1V", "glm-4.1v"),
        ("zai-org/Glyph", "glyph"),
        ("zai-org/GLM-4.1V-9B-Thinking", "glm-4.1v"),
        ("zai-org/GLM-4.6V-Flash", "glm-4.6v"),
        ("Qwen/Qwen2-VL-2B-Instruct", "qwen2-vl"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "qwen2.5-vl"),
        ("qwen2_5_vl", "qwen2.5-vl"),
        ("Qwen/Qwen3-VL-30B-A3B-Instruct", "qwen3-vl"),
        ("OpenGVLab/InternVL3-8B-hf", "internvl3"),
        ("google/gemma-3-27b-it", "gemma-3"),
        ("mistral-community/pixtral-12b", "pixtral"),
        ("mistralai/Mistral-Small-3.1-24B-Instruct-2503", "mistral3"),
        ("HuggingFaceM4/Idefics3-8B-Llama3", "idefics3"),
        ("HuggingFaceTB/SmolVLM-Instruct", "smolvlm"),
        ("HuggingFaceTB/SmolVLM-256M-Instruct", "smolvlm-256m"),
        ("HuggingFaceTB/SmolVLM2-500M-Video-Instruct", "smolvlm-500m"),
        ("HuggingFaceTB/SmolVLM2-2.2B-Instruct", "smolvlm"),
        ("llava-hf/llava-onevision-qwen2-7b-ov-hf", "llava-onevision"),
        ("deepseek-ai/DeepSeek-OCR", "deepseek-ocr"),
        ("deepseek-ai/DeepSeek-OCR-2", "deepseek-ocr-2"),
        ("PaddlePaddle/PaddleOCR-VL", "paddleocr-vl"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o-mini", "gpt-4o-mini"),
        ("/srv/models/Glyph/", "glyph"),
        ("zai-org/Glyph@main", "glyph"),
        ("qwen2.5vl:7b", "qwen2.5-vl"),
        ("qwen2.5vl:72b-q4_K_M", "qwen2.5-vl"),
        ("qwen3-vl:8b", "qwen3-vl"),
        ("gemma3:12b", "gemma-3"),
        ("mistral-small3.2:24b", "mistral3"),
        ("hf.co/unsloth/Qwen2.5-VL-7B-Instruct-GGUF:Q4_K_M", "qwen2.5-vl"),
        ("Qwen2.5-VL-7B-Instruct-Q4_K_M.gguf", "qwen2.5-vl"),
        ("Qwen2.5-VL-72B-Instruct-Q4_K_M-00001-of-00003.gguf", "qwen2.5-vl"),
        ("Qwen_Qwen2.5-VL-7B-Instruct-Q8_0.gguf", "qwen2.5-vl"),
        ("C:\\models\\Qwen2.5-VL-7B-Instruct-Q8_0.gguf", "qwen2.5-vl"),
        (
            "/hub/models--Qwen--Qwen2.5-VL-7B-Instruct/snapshots/cc594898137f460bfe9f0759",
            "qwen2.5-vl",
        ),
        ("/models/gemma-3-4b/ggml-model-q4_k.gguf", "gemma-3"),
        ("Qwen/Qwen2.5-VL-7B-Instruct-AWQ", "qwen2.5-vl"),
        ("RedHatAI/Qwen2.5-VL-7B-Instruct-FP8-dynamic", "qwen2.5-vl"),
        ("unsloth/Qwen2.5-VL-7B-Instruct-unsloth-bnb-4bit", "qwen2.5-vl"),
        ("hosted_vllm/Qwen/Qwen2.5-VL-7B-Instruct", "qwen2.5-vl"),
        ("qwen/qwen2.5-vl-72b-instruct:free", "qwen2.5-vl"),
        ("openai:gpt-4o", "gpt-4o"),
        ("InternVL3_5-8B", "internvl3"),
        ("OpenGVLab/InternVL3_5-8B", "internvl3"),
        ("Qwen/Qwen3.5-397B-A17B-FP8", "qwen3.5"),
        ("Qwen/Qwen3.6-35B-A3B-GPTQ-Int4", "qwen3.5"),
        ("qwen3.5:9b", "qwen3.5"),
        ("hf.co/unsloth/Qwen3.5-9B-GGUF:Q4_K_M", "qwen3.5"),
        ("mlx-community/Qwen3-VL-8B-Instruct-4bit", "qwen3-vl"),
        ("qwen/qwen3-vl-8b", "qwen3-vl"),
        ("ai/qwen3-vl:8B", "qwen3-vl"),
        ("qwen2.5-vl-7b-instruct@q4_k_m", "qwen2.5-vl"),
        ("/data/gguf/Qwen2.5-VL-7B-Instruct.Q4_K_M.gguf", "qwen2.5-vl"),
        ("Glyph.i1-Q4_K_M.gguf", "glyph"),
        ("gemma4:e4b", "gemma-4"),
        ("google/gemma-4-31b-it", "gemma-4"),
        ("gemma-4-26B-A4B-it-UD-Q4_K_XL.gguf", "gemma-4"),
        ("gemma-4-1120", "gemma-4-1120"),
        ("glm-4.5v", "glm-4.1v"),
        ("z-ai/glm-4.6v", "glm-4.6v"),
        ("zai-org/GLM-OCR", "glm-4.6v"),
        ("zai-org/GLM-5.3-Flash", "glm-5.3-flash"),
        ("moonshotai/Kimi-K2.5", "kimi-k2.5"),
        ("moonshotai.kimi-k2.5", "kimi-k2.5"),
        ("nvidia/Kimi-K2.6-NVFP4", "kimi-k2.5"),
        ("/hub/models--moonshotai--Kimi-K2.7-Code/snapshots/0123456789abcdef", "kimi-k2.5"),
        ("tencent/HunyuanOCR", "hunyuan-ocr"),
        ("tencent/HunyuanOCR-1.5", "hunyuan-ocr-1.5"),
        ("HunyuanOCR.Q8_0.gguf", "hunyuan-ocr"),
        ("tencent/Hy4", "hy4-vl"),
        ("lightonai/LightOnOCR-1B-1025", "lightonocr"),
        ("lightonai/LightOnOCR-2-1B-bbox", "lightonocr"),
        ("rednote-hilab/dots.ocr", "dots.ocr"),
        ("rednote-hilab/dots.mocr", "dots.ocr"),
        ("baidu/ERNIE-4.5-VL-28B-A3B-PT", "ernie-4.5-vl"),
        ("baidu_ERNIE-4.5-VL-28B-A3B-Thinking-Q4_K_M.gguf", "ernie-4.5-vl"),
        ("MiniMaxAI/MiniMax-M3-MXFP8", "minimax-m3"),
        ("openbmb/MiniCPM-V-4_6", "minicpm-v-4.6"),
        ("./models/MiniCPM-V-4.6/", "minicpm-v-4.6"),
        ("Qwen3.5-9B", "qwen3.5"),
        ("GLM-4.5V", "glm-4.1v"),
    ],
)
def test_a_model_is_found_by_name_and_by_hub_id(spelt: str, name: str) -> None:
    """Case does not matter, nor what stands before the last slash or after the name's own end."""
    assert ModelProfile.from_name(spelt).name == name


@pytest.mark.parametrize(
    "spelt",
    [
        "LLaVA-OneVision-1.5-8B-Instruct",
        "DeepSeek-OCR-3",
        "gpt-5.4",
        "InternVL4-8B",
        "llama3.2-vision",
        "qwen2.5:7b",
        "/home/glyph/llama-7b",
        "Qwen3.8-27B",
        "Kimi-VL-A3B-Instruct",
        "moonshotai/Kimi-K3",
        "google/gemma-3n-E4B-it",
        "InternVL3_5-8B-Flash",
        "gemma-4-140",
        "gemma-4-840",
        "gemma-5-9b",
        "MiniMax-VL-01",
        "MiniCPM-V-4_5",
        "minicpm-v:8b",
        "rednote-hilab/dots.vlm1.inst",
    ],
)
def test_another_version_is_another_model(spelt: str) -> None:
    """A version number after a known name is not taken for a size: its rule may differ."""
    with pytest.raises(ProfileError, match="no model profile"):
        ModelProfile.from_name(spelt)


@pytest.mark.parametrize(
    ("spelt", "nearest"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", "qwen2.5-vl"),
        ("Qwen/Qwen3-8B", "qwen3-vl"),
        ("moonshotai/Kimi-K2-Instruct", "kimi-k2.5"),
        ("moonshotai/Kimi-K2-Thinking", "kimi-k2.5"),
        ("zai-org/GLM-4.6", "glm-4.6v"),
        ("zai-org/GLM-4.5-Air", "glm-4.6v"),
        ("zai-org/GLM-5.3", "glm-5.3-flash"),
        ("MiniMaxAI/MiniMax-M2.5", "minimax-m3"),
        ("baidu/ERNIE-4.5-21B-A3B-PT", "ernie-4.5-vl"),
        ("tencent/Hunyuan-7B-Instruct", "hunyuan-ocr"),
        ("rednote-hilab/dots.llm1.inst", "dots.ocr"),
    ],
)
def test_a_sibling_that_sees_nothing_is_told_the_one_that_sees(spelt: str, nearest: str) -> None:
    """A text model is never silently taken for a vision-language model."""
    with pytest.raises(ProfileError, match=f"Nearest: .*'{re.escape(nearest)}'"):
        ModelProfile.from_name(spelt)


@pytest.mark.parametrize(
    "spelt",
    [
        *("google/gemma-3-1b-it", "gemma3:270m", "Qwen/Qwen3-VL-Embedding-2B", "gpt-4o-audio-preview"),
        *("o1-mini-2024-09-12", "o1-preview", "openai/o3-mini", "gpt-4o-search-preview"),
        *("gpt-4o-mini-search-preview", "gpt-4o-realtime-preview", "gpt-4o-mini-tts", "gpt-5-search-api"),
        *("GlyphByT5/Glyph-SDXL-v2", "glyph-byt5", "qwen2.5-vl-embedding", "Qwen/Qwen3.5-Embedding-8B"),
        *("Qwen/Qwen3.5-Reranker", "Qwen/Qwen3.5-TTS", "Qwen/Qwen3.5-Coder", "qwen3.5-coder:30b"),
        *("Qwen3.5-4B-text-only", "gemma-3-4b-it-text", "mistral-small3.1:24b-text-q4_K_M"),
    ],
)
def test_a_model_of_a_known_name_that_answers_nothing_about_images_is_refused(spelt: str) -> None:
    """Its name begins like a profile's, and it can read no page."""
    with pytest.raises(ProfileError, match=f"'{spelt}' answers nothing about images"):
        ModelProfile.from_name(spelt)


@pytest.mark.parametrize(
    "spelt", ["Qwen2.5-VL-7B-Text-to-SQL", "gemma-3-4b-context-it", "Kimi-K2.7-Code", "o3-pro"]
)
def test_a_word_that_only_looks_so_refuses_no_model(spelt: str) -> None:
    """The words that name a model without pictures are whole ones, in their places."""
    assert ModelProfile.from_name(spelt)


@pytest.mark.parametrize("name", [None, 3, b"glyph", Path("glyph"), "\ud800"])
def test_a_name_that_is_no_text_is_refused(name: object) -> None:
    """As a profile that cannot be had, not as a broken string."""
    with pytest.raises(ProfileError, match="is no text"):
        ModelProfile.from_name(name)  # type: ignore[arg-type]  # wrong on purpose
