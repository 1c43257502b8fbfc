"""Ask a model that is being trained: `TrainedReader`, any evaluation's `Reader`.

Knows contexts and generation; knows nothing about how the model is trained.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

from typing import Any

import torch

from glyph_memory.checks import check_whole
from glyph_memory.context import Context
from glyph_memory.errors import ReaderOverflow
from glyph_memory.readers import Reader, Reading
from glyph_memory.readers.defusing import defuse_context
from glyph_memory.readers.local.answer import AnswerText
from glyph_memory.readers.local.attached import show_attachments
from glyph_memory.readers.local.chat import spell_chat
from glyph_memory.readers.local.images import decode_image
from glyph_memory.readers.local.prompt import find_special_tokens
from glyph_memory.readers.reader import Usage
from glyph_memory.training.models.loading import TrainableModel
from glyph_memory.training.samples import TrainingError


class TrainedReader(Reader):
    """Answers with the weights as they are, the likeliest token each time. For one thread.

    Args:
        trainable: The model.
        max_tokens: Most tokens to write, reasoning included.
    """

    def __init__(self, trainable: TrainableModel, *, max_tokens: int = 512) -> None:
        check_whole("max_tokens", max_tokens, TrainingError, at_least=1)
        self._trainable, self._max_tokens = trainable, max_tokens
        self._special = find_special_tokens(trainable.tokenizer)

    def read(self, context: Context) -> Reading:
        """Answer.

        Raises:
            ReaderRefused: The template refuses the context, or an image is broken.
            ReaderOverflow: It is longer than the model's window.
        """
        loaded = self._trainable.loaded
        inputs = self._encode(context)
        length, window = int(inputs["input_ids"].shape[1]), loaded.window_tokens
        if window is not None and length >= window:
            raise ReaderOverflow(f"the model takes {window} tokens, and the prompt has {length}. Send less")
        model: Any = loaded.model
        was_training = model.training
        model.eval()
        try:
            with torch.inference_mode(), torch.autocast(loaded.device.type, enabled=False):
                ids = model.generate(
                    **inputs,
                    do_sample=False,
                    max_new_tokens=self._max_tokens,
                    eos_token_id=sorted(loaded.stop_ids) or None,
                    pad_token_id=self._trainable.pad_token_id,
                    use_cache=True,
                )
        finally:
            model.train(was_training)
        return self._read_answer([int(one) for one in ids[0].tolist()], length)

    def _encode(self, context: Context) -> dict[str, torch.Tensor]:
        loaded, processor = self._trainable.loaded, self._trainable.processor
        context = defuse_context(show_attachments(context), self._special)

        def render(messages: list[dict[str, Any]]) -> str:
            return str(processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))

        spelled = spell_chat(context, render=render, placeholder=None, name=loaded.name)
        images = [decode_image(part.data).convert("RGB") for part in context.images]
        made = processor(
            text=[spelled.text], images=images or None, return_tensors="pt", add_special_tokens=False
        )
        placed = {name: value.to(loaded.device) for name, value in made.items()}
        return {
            name: value.to(loaded.dtype) if value.is_floating_point() else value
            for name, value in placed.items()
        }

    def _read_answer(self, ids: list[int], length: int) -> Reading:
        loaded = self._trainable.loaded
        answer = AnswerText(
            loaded.tokenizer, prompt_end=str(loaded.tokenizer.decode(ids[max(0, length - 8) : length]))
        )
        written = ids[length:]
        is_stopped = bool(written) and written[-1] in loaded.stop_ids
        for token in written[: -1 if is_stopped else None]:
            answer.feed(token)
        answer.close()
        return Reading(
            text=answer.text,
            reasoning=answer.reasoning,
            usage=Usage(prompt_tokens=length, completion_tokens=len(written)),
            finish_reason="stop" if is_stopped else "length",
            model=loaded.name,
        )
