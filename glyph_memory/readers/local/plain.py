"""Run a model that cannot be fed token by token, through its family's own processor and `generate`.

Nothing is reused from one prompt to the next, and one prompt runs at a time. Knows transformers; knows nothing about
caches, threads or answers' words.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import AutoProcessor, StoppingCriteria, StoppingCriteriaList

from glyph_memory.context import Context
from glyph_memory.errors import ReaderRefused
from glyph_memory.readers.defusing import defuse_context
from glyph_memory.readers.local.attached import show_attachments
from glyph_memory.readers.local.chat import spell_chat
from glyph_memory.readers.local.images import decode_image
from glyph_memory.readers.local.loading import LoadedModel
from glyph_memory.readers.local.prompt import find_special_tokens
from glyph_memory.readers.local.quiet import load_quietly


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PlainPrompt:
    """A context as a family's own processor makes it."""

    inputs: dict[str, torch.Tensor] = field(repr=False)
    """What `generate` takes, on the CPU."""
    tokens: int
    """How long the prompt is."""
    image_tokens: int
    """How many of its tokens stand for images, where the config names such a token."""

    @property
    def ids(self) -> torch.Tensor:
        """Its tokens, shape [n]."""
        return self.inputs["input_ids"][0]

    @property
    def stable_tokens(self) -> int:
        """How many tokens stay from one question to the next: nobody can use it here."""
        return 0

    @property
    def stable_image_tokens(self) -> int:
        """None of them, then."""
        return 0


class PlainModel:
    """A model with its family's own processor.

    Args:
        loaded: The model.
        special_tokens: Broken in texts, in addition to those of the tokenizer and those that `defuse` knows.

    Raises:
        ReaderRefused: The processor cannot be loaded.
    """

    def __init__(self, loaded: LoadedModel, special_tokens: Sequence[str] = ()) -> None:
        self._loaded = loaded
        self.device, self.stop_ids = loaded.device, loaded.stop_ids
        self.special_tokens = (*find_special_tokens(loaded.tokenizer), *special_tokens)
        """What is broken wherever it stands in text, in addition to what `defuse` knows."""
        try:
            with load_quietly():
                self._processor: Any = AutoProcessor.from_pretrained(
                    loaded.path, trust_remote_code=False, local_files_only=True
                )
        except Exception as error:  # files of anybody, read by code of anybody
            advice = "pip install torchvision" if "orchvision" in str(error) else "download it again"
            raise ReaderRefused(
                f"{loaded.name!r} can be read by transformers' own loop alone, since {_tell_why(loaded)}; and the "
                f"processor that this needs cannot be loaded: {type(error).__name__}. Try: {advice}; or serve the "
                "model with vLLM and ask the server with OpenAIReader"
            ) from error

    def encode(self, context: Context) -> PlainPrompt:
        """Return the prompt of a context; every image is decoded.

        Raises:
            ReaderRefused: The template or the processor refuses it, an image is broken, or an attachment is no picture.
        """
        loaded = self._loaded
        context = defuse_context(show_attachments(context), self.special_tokens)
        spelled = spell_chat(context, render=self._render, placeholder=None, name=loaded.name)
        images = [decode_image(part.data).convert("RGB") for part in context.images]
        try:
            made = self._processor(
                text=[spelled.text], images=images or None, return_tensors="pt", add_special_tokens=False
            )
        except MemoryError:
            raise
        except Exception as error:  # processors of many families raise what they like
            raise ReaderRefused(
                f"the processor of {loaded.name!r} refuses the prompt: {str(error).rstrip('.')}. Send fewer "
                "or other images"
            ) from error
        ids, token = made["input_ids"], loaded.image_token_id
        return PlainPrompt(
            inputs=dict(made),
            tokens=ids.shape[1],
            image_tokens=0 if token is None else int(torch.eq(ids, token).sum()),
        )

    def generate(
        self,
        prompt: PlainPrompt,
        *,
        max_tokens: int,
        on_token: Callable[[int], object] = lambda _: None,
        is_cancelled: Callable[[], bool] = lambda: False,
        temperature: float = 0.0,
        top_p: float | None = None,
        top_k: int | None = None,
        seed: int | None = None,
    ) -> list[int]:
        """Return the tokens of an answer, the one that ends it included.

        Args:
            prompt: What is answered.
            max_tokens: Most tokens to write.
            on_token: Called with each token as it comes, in this thread.
            is_cancelled: Asked after each token whether to stop.
            temperature: The most likely token is taken where it is 0.
            top_p: Draw from the most likely tokens that make up this share.
            top_k: Draw from so many.
            seed: Of the draw; torch's own state stays as it is.
        """
        loaded = self._loaded
        drawn: dict[str, object] = {"do_sample": False}
        if temperature > 0:
            drawn = {
                "do_sample": True,
                "temperature": temperature,
                "top_p": top_p or 1.0,
                "top_k": top_k or 0,
            }
        inputs = {name: self._place(tensor) for name, tensor in prompt.inputs.items()}
        watch = _Watch(start=prompt.tokens, on_token=on_token, is_cancelled=is_cancelled)
        model: Any = loaded.model
        cuda = [loaded.device.index or 0] if loaded.device.type == "cuda" else []
        with torch.inference_mode(), torch.random.fork_rng(devices=cuda, enabled=seed is not None):
            if seed is not None:
                torch.manual_seed(seed)
            ids = model.generate(
                **inputs,
                **drawn,
                max_new_tokens=max_tokens,
                eos_token_id=sorted(loaded.stop_ids) or None,
                stopping_criteria=StoppingCriteriaList([watch]),
            )
        return [int(one) for one in ids[0, prompt.tokens :].tolist()]

    def _render(self, messages: list[dict[str, Any]]) -> str:
        return str(self._processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))

    def _place(self, tensor: torch.Tensor) -> torch.Tensor:
        placed = tensor.to(self._loaded.device)
        return placed.to(self._loaded.dtype) if placed.is_floating_point() else placed


def _tell_why(loaded: LoadedModel) -> str:
    """Return why a model is not run over segments."""
    if loaded.support.is_direct:
        return "a few tokens read in parts did not get the scores that they get at once"
    if not loaded.support.attends_fully:
        kinds = sorted({*loaded.config.get_text_config().layer_types} - {"full_attention"})
        return f"its text tower has layers of another attention ({', '.join(kinds)})"
    return f"pages cannot be put into prompts of its family ({loaded.config.model_type}) token by token"


class _Watch(StoppingCriteria):
    """Passes on each new token, and stops once that is asked for."""

    def __init__(
        self, *, start: int, on_token: Callable[[int], object], is_cancelled: Callable[[], bool]
    ) -> None:
        self._seen = start
        self._on_token = on_token
        self._is_cancelled = is_cancelled

    def __call__(self, input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
        """Return for each row whether it ends here."""
        for token in input_ids[0, self._seen :].tolist():
            self._on_token(int(token))
        self._seen = input_ids.shape[1]
        return torch.full((len(input_ids),), self._is_cancelled(), device=input_ids.device)
