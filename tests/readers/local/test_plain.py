"""A model that cannot be fed token by token runs through its family's own processor."""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from transformers import (
    AutoProcessor,
    AutoTokenizer,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
)
from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil

from glyph_memory.context import Context, ImagePart, Message
from glyph_memory.errors import ReaderRefused
from glyph_memory.readers.local.loading import LoadedModel, load_model
from glyph_memory.readers.local.plain import PlainModel

TEMPLATE = (
    "{% for m in messages %}{{ m.role }}: {% if m.content is string %}{{ m.content }}{% else %}"
    "{% for p in m.content %}{{ '<image>' if p.type == 'image' else p.text }}{% endfor %}{% endif %} "
    "{% endfor %}assistant:"
)


@pytest.fixture(scope="module")
def loaded(tiny_model: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """Build and load a tiny LLaVA: 16 tokens for every image, whatever its size."""
    folder = tmp_path_factory.mktemp("models") / "llava"
    tokenizer = AutoTokenizer.from_pretrained(tiny_model("qwen3-vl"))
    tokenizer.add_special_tokens({"extra_special_tokens": ["<image>"]})
    image = tokenizer.get_vocab()["<image>"]
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=56,
            patch_size=14,
        ),
        text_config=LlamaConfig(
            vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, eos_token_id=tokenizer.eos_token_id, bos_token_id=None,
        ),
        image_token_index=image,
        image_seq_length=16,
    )  # fmt: skip
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(config)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim > 1:
                weights.normal_(0, weights[0].numel() ** -0.5)
    model.save_pretrained(folder)
    processor = LlavaImageProcessorPil(
        size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56}, do_center_crop=True
    )
    LlavaProcessor(
        processor, tokenizer, patch_size=14, vision_feature_select_strategy="default", chat_template=TEMPLATE,
        image_token="<image>", num_additional_image_tokens=1,  # noqa: S106 - no password
    ).save_pretrained(folder)  # fmt: skip
    return load_model(folder, device="cpu")


def ask(*parts: str | ImagePart) -> Context:
    """Return a context of one message."""
    return Context(messages=(Message(role="user", parts=parts),))


def test_it_is_known_by_what_its_code_offers(loaded: LoadedModel) -> None:
    """Its images are no grid of patches, and so nobody counts their tokens beforehand."""
    assert not loaded.support.is_direct


def test_it_answers_about_pages(loaded: LoadedModel, page: Callable[..., ImagePart]) -> None:
    """What comes is what `generate` gives, one token after another, and other pages give another answer."""
    plain, heard = PlainModel(loaded), list[int]()
    prompt = plain.encode(ask(page(1), "Who signed?", page(2)))
    assert (prompt.image_tokens, prompt.inputs["pixel_values"].shape[0]) == (32, 2)
    answer = plain.generate(prompt, max_tokens=8, on_token=heard.append)
    reference = loaded.model.generate(  # type: ignore[operator]  # it is a method, whatever torch's types say
        **prompt.inputs, max_new_tokens=8, do_sample=False, eos_token_id=sorted(loaded.stop_ids)
    )
    assert answer == heard == reference[0, prompt.tokens :].tolist()
    assert 0 < len(answer) <= 8


def test_text_alone_is_answered(loaded: LoadedModel) -> None:
    """A prompt without images has no pixels."""
    prompt = PlainModel(loaded).encode(ask("What does <image> mean?"))
    assert (prompt.image_tokens, "pixel_values" in prompt.inputs) == (0, False)
    assert (
        loaded.tokenizer.decode(prompt.inputs["input_ids"][0]) == r"user: What does <\image> mean? assistant:"
    )


def test_it_stops_when_it_is_told_to(loaded: LoadedModel) -> None:
    """After the token that is being written."""
    plain, heard = PlainModel(loaded), list[int]()
    prompt = plain.encode(ask("Who signed?"))
    answer = plain.generate(
        prompt,
        max_tokens=50,
        on_token=heard.append,
        is_cancelled=lambda: len(heard) == 3,
        temperature=1.0,
        seed=5,
    )
    assert len(answer) == 3


def test_a_seed_draws_the_same_again(loaded: LoadedModel) -> None:
    """And torch's own state is as it was."""
    plain = PlainModel(loaded)
    prompt, before = plain.encode(ask("Who signed?")), torch.random.get_rng_state()
    drawn = [
        plain.generate(prompt, max_tokens=12, temperature=1.5, top_p=0.9, top_k=50, seed=seed)
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_processor_that_needs_torchvision_is_named(tiny_model: Callable[..., Path]) -> None:
    """GLM's own carries a video processor that needs it; without torchvision there is one line."""
    if find_spec("torchvision") is None:
        with pytest.raises(
            ReaderRefused, match=r"^'glm4v' can be read by .* cannot be loaded: .*torchvision"
        ):
            PlainModel(load_model(tiny_model("glm4v"), device="cpu"))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"attends_fully": False}, r"its text tower has layers of another attention \(sliding_attention\)"),
        ({"has_grid": False}, r"pages cannot be put into prompts of its family \(glm4v\) token by token"),
        ({}, "a few tokens read in parts did not get the scores that they get at once"),
    ],
)
def test_why_the_fast_way_was_left_is_said_where_the_plain_one_is_not_there_either(
    tiny_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, changed: dict[str, bool], why: str
) -> None:
    """Before what the plain one needs: that may not be what is wrong."""

    def lack(*_: object, **__: object) -> None:
        raise ImportError("needs torchvision")

    monkeypatch.setattr(AutoProcessor, "from_pretrained", lack)
    model = load_model(tiny_model("glm4v"), device="cpu")
    model.config.get_text_config().layer_types = ["sliding_attention", "full_attention"]
    with pytest.raises(ReaderRefused, match=rf"^'glm4v' .*, since {why}; and .*: pip install torchvision"):
        PlainModel(replace(model, support=replace(model.support, **changed)))
