"""Encode samples as a model trains on them: `SampleEncoder`.

The prompt is what the model is given when it is asked, to the token; the completion is what it should write after it,
and the token that ends it. Loss is taken of the completion alone. Knows chat templates and tokenizers; knows nothing
about trainers.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from glyph_memory.errors import ReaderRefused
from glyph_memory.readers.local.images import Grid, ImagePreprocessor, decode_image
from glyph_memory.readers.local.prompt import find_special_tokens
from glyph_memory.tokens import defuse
from glyph_memory.training.models.batch import IGNORED
from glyph_memory.training.models.loading import TrainableModel
from glyph_memory.training.samples import TrainingError, TrainingSample

_PROBE = "Forty-two."
_TAGS = frozenset({"<think>", "</think>", "<answer>", "</answer>"})
"""Special tokens that answers may hold."""


class SampleEncoder:
    """Encodes samples for one model.

    Args:
        trainable: The model.
        with_reasoning: Whether what a sample thinks before it answers is learnt, too.

    Raises:
        TrainingError: The chat template cannot be trained on.
    """

    def __init__(self, trainable: TrainableModel, *, with_reasoning: bool = True) -> None:
        loaded = trainable.loaded
        self._name, self._tokenizer, self._processor = loaded.name, loaded.tokenizer, trainable.processor
        self._image_token_id, self._has_grid = loaded.image_token_id, trainable.has_grid
        self._with_reasoning = with_reasoning
        self._images = ImagePreprocessor(loaded.image_processor, name=loaded.name)
        self._special = find_special_tokens(loaded.tokenizer)
        self.end_token_id = _find_end(trainable)
        """The token that ends an answer."""
        asked = [{"role": "user", "content": _PROBE}]
        if self._render(asked) == self._render(asked, is_asked=False):
            raise TrainingError(
                f"the chat template of {loaded.name!r} does not say where an answer begins (add_generation_prompt "
                "changes nothing). Give another chat_template.jinja"
            )

    def count_tokens(self, sample: TrainingSample) -> int:
        """Return how long a sample is, its images by their headers alone where the family allows that.

        Raises:
            TrainingError: The template or the processor refuses it, or an image is broken.
        """
        if not self._has_grid:
            return len(self.encode(sample)["input_ids"])
        completion = self._spell(sample)[1]
        return self.count_prompt_tokens(sample) + len(self._tokenize(completion)) + 1

    def count_prompt_tokens(self, sample: TrainingSample) -> int:
        """Return how long a sample's prompt is, without its answer.

        Raises:
            TrainingError: As `count_tokens`.
        """
        prompt, completion = self._spell(sample)
        if not self._has_grid:
            return len(self.encode(sample)["input_ids"]) - len(self._tokenize(completion)) - 1
        counts = [self._images.count_tokens(grid) for grid in self._measure(sample)]
        return len(self._tokenize(prompt)) - len(counts) + sum(counts)

    def encode(self, sample: TrainingSample) -> dict[str, torch.Tensor]:
        """Return what a model takes: `input_ids`, `labels`, `attention_mask`, and its images.

        Nothing is cut off. Rows of tokens have the shape [n]; `labels` are -100 but for the completion and the token
        that ends it.

        Raises:
            TrainingError: The template or the processor refuses it, or an image is broken.
        """
        prompt, completion = self._spell(sample)
        made = self._encode_grid(prompt, sample) if self._has_grid else self._encode_plain(prompt, sample)
        # Apart from the prompt, as a model writes it: no token reaches over the border.
        written = torch.tensor([*self._tokenize(completion), self.end_token_id])
        prompt_ids = made["input_ids"]
        encoded = {
            **made,
            "input_ids": torch.cat((prompt_ids, written)),
            "labels": torch.cat((torch.full_like(prompt_ids, IGNORED), written)),
        }
        for name in ("mm_token_type_ids", "token_type_ids"):
            if name in made:
                encoded[name] = torch.cat((made[name], torch.zeros_like(written, dtype=made[name].dtype)))
        encoded["attention_mask"] = torch.ones_like(encoded["input_ids"])
        return encoded

    def _spell(self, sample: TrainingSample) -> tuple[str, str]:
        """Return the prompt with a placeholder an image, and the completion."""
        messages: list[dict[str, Any]] = []
        for message in sample.prompt:
            parts = [
                {"type": "text", "text": defuse(part, special_tokens=self._special)}
                if isinstance(part, str)
                else {"type": "image"}
                for part in message.parts
            ]
            is_text = all(part["type"] == "text" for part in parts)
            content = "".join(part["text"] for part in parts) if is_text else parts
            messages.append({"role": message.role, "content": content})
        prompt = self._render(messages)
        answer, reasoning = self._defuse(sample.answer), self._defuse(sample.reasoning)
        thinks = self._with_reasoning and bool(sample.reasoning)
        completion = f"<think>{reasoning}</think>{answer}" if thinks else answer
        if prompt.rstrip().endswith("<think>"):  # the template itself opens it
            completion = completion.removeprefix("<think>") if thinks else f"</think>{answer}"
        return prompt, completion

    def _defuse(self, text: str) -> str:
        """Return what is to be written, without tokens that would end it or show an image."""
        broken = [token for token in self._special if token not in _TAGS]
        return defuse(text, special_tokens=broken) if any(token in text for token in broken) else text

    def _render(self, messages: Sequence[dict[str, Any]], *, is_asked: bool = True) -> str:
        try:
            return str(
                self._tokenizer.apply_chat_template(
                    list(messages), tokenize=False, add_generation_prompt=is_asked
                )
            )
        except Exception as error:  # templates are programs of anybody
            raise TrainingError(
                f"the chat template of {self._name!r} refuses a sample: {str(error)[:200]!r}. Give another "
                "chat_template.jinja, or samples that it takes"
            ) from error

    def _tokenize(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def _measure(self, sample: TrainingSample) -> list[Grid]:
        try:
            return [self._images.measure(data, self._images.digest(data)) for data in sample.images]
        except ReaderRefused as error:
            raise TrainingError(f"sample {sample.name}: {error}") from error

    def _encode_grid(self, prompt: str, sample: TrainingSample) -> dict[str, torch.Tensor]:
        single, grids = torch.tensor(self._tokenize(prompt), dtype=torch.int64), self._measure(sample)
        places = torch.nonzero(torch.eq(single, self._image_token_id or -1)).flatten()
        if len(places) != len(grids):
            raise TrainingError(
                f"the chat template of {self._name!r} makes {len(places)} places for {len(grids)} images. Give another "
                "chat_template.jinja"
            )
        counts = torch.ones_like(single)
        counts[places] = torch.tensor([self._images.count_tokens(grid) for grid in grids], dtype=torch.int64)
        ids = torch.repeat_interleave(single, counts)
        made = {"input_ids": ids, "mm_token_type_ids": torch.eq(ids, self._image_token_id or -1).int()}
        if not grids:
            return made
        try:
            pixels = [
                self._images.preprocess(data, grid) for data, grid in zip(sample.images, grids, strict=True)
            ]
        except ReaderRefused as error:
            raise TrainingError(f"sample {sample.name}: {error}") from error
        return {
            **made,
            **{name: torch.cat([one[name] for one in pixels]) for name in ("pixel_values", "image_grid_thw")},
        }

    def _encode_plain(self, prompt: str, sample: TrainingSample) -> dict[str, torch.Tensor]:
        """Return what the family's own processor makes of a prompt."""
        try:
            images = [decode_image(data).convert("RGB") for data in sample.images]
            made = self._processor(
                text=[prompt], images=images or None, return_tensors="pt", add_special_tokens=False
            )
        except MemoryError:
            raise
        except Exception as error:  # processors of many families raise what they like
            raise TrainingError(
                f"sample {sample.name}: the processor of {self._name!r} refuses it: {str(error)[:200]!r}"
            ) from error
        rows = {"input_ids", "mm_token_type_ids", "token_type_ids"}
        return {
            name: value[0] if name in rows else value
            for name, value in made.items()
            if name != "attention_mask"
        }


def _find_end(trainable: TrainableModel) -> int:
    """Return the token that ends an answer: what the template puts there, else the tokenizer's own."""
    tokenizer, stops = trainable.tokenizer, sorted(trainable.loaded.stop_ids)
    said = [{"role": "user", "content": _PROBE}, {"role": "assistant", "content": _PROBE}]
    try:
        after = str(tokenizer.apply_chat_template(said, tokenize=False)).rpartition(_PROBE)[2].lstrip()
    except Exception:  # as above; a sample's prompt will say so, where it is refused as well
        after = ""
    for stop in stops:
        if after.startswith(str(tokenizer.convert_ids_to_tokens(stop))):
            return stop
    end: int | None = tokenizer.eos_token_id
    if end is None and not stops:
        raise TrainingError(
            f"the tokenizer of {trainable.name!r} has no token that ends an answer. Name one in tokenizer_config.json, "
            'such as "eos_token": "<|im_end|>"'
        )
    return stops[0] if end is None else end
