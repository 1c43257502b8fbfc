"""A model is asked while it is trained, with the weights that it has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from glyph_memory.context import Context, ImagePart, Message
from glyph_memory.readers import TransformersReader
from glyph_memory.testing import TinyFamily
from glyph_memory.training.models import LoraSettings, ModelSettings, TrainedReader, load_trainable
from tests.training.tiny_samples import draw_page

ASKED = Context(
    messages=(Message(role="user", parts=(ImagePart(data=draw_page(90), size=(56, 28)), "What is it?")),)
)


def test_a_fresh_model_answers_as_any_reader_of_it_does(
    tiny_model: Callable[..., Path], family: TinyFamily
) -> None:
    """The same tokens in the prompt, and the same answer."""
    trainable = load_trainable(tiny_model(family), ModelSettings(lora=None))
    trained = TrainedReader(trainable, max_tokens=12).read(ASKED)
    with TransformersReader(tiny_model(family), device="cpu", max_tokens=12) as reader:
        read = reader.read(ASKED)
    assert trained.text == read.text
    assert trained.usage.prompt_tokens == read.usage.prompt_tokens


@pytest.mark.parametrize("lora", [None, LoraSettings(rank=2)])
def test_it_answers_with_the_weights_as_they_are(
    tiny_model: Callable[..., Path], lora: LoraSettings | None
) -> None:
    """A change of what is trained changes the answer, and training goes on in the mode that it was in."""
    trainable = load_trainable(tiny_model(), ModelSettings(lora=lora))
    reader = TrainedReader(trainable, max_tokens=12)
    before = reader.read(ASKED).text
    with torch.no_grad():
        for one in trainable.model.parameters():
            if one.requires_grad:
                one.add_(torch.ones_like(one))
    assert reader.read(ASKED).text != before
    assert trainable.model.training
