"""Turn a context into token ids, images and positions: `PromptEncoder`, `Prompt`.

Knows chat templates, tokenizers and image grids; knows nothing about caches or weights.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from glyph_memory.context import Context, ImagePart
from glyph_memory.errors import ReaderRefused, show_value
from glyph_memory.readers.defusing import defuse_context
from glyph_memory.readers.local.attached import show_attachments
from glyph_memory.readers.local.chat import Spelled, spell_chat
from glyph_memory.readers.local.images import ImagePreprocessor, PromptImage
from glyph_memory.readers.local.loading import LoadedModel


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Prompt:
    """A context as a model takes it."""

    ids: torch.Tensor = field(repr=False)
    """The tokens, one for each token of an image: int64, shape [n], on the CPU."""
    images: tuple[PromptImage, ...]
    """In the order in which they stand."""
    positions: torch.Tensor = field(repr=False)
    """The position of each token: int64, shape [3, n] where images have height and width, else [1, n]."""
    next_position: int
    """The position of the first token that is written, the same on all axes."""
    stable_tokens: int
    """How many tokens from the beginning stay as they are from one question to the next: through the last sealed
    part."""

    @property
    def tokens(self) -> int:
        """How long the prompt is."""
        return len(self.ids)

    @property
    def image_tokens(self) -> int:
        """How many of its tokens stand for images."""
        return sum(image.count for image in self.images)

    @property
    def stable_image_tokens(self) -> int:
        """How many of those stay from one question to the next."""
        return sum(image.count for image in self.images if image.start < self.stable_tokens)


class PromptEncoder:
    """Encodes contexts for one model. Safe to share among threads.

    Args:
        loaded: The model; its `support.is_direct` holds.
        special_tokens: Broken in texts, in addition to those of the tokenizer and those that `defuse` knows.
    """

    def __init__(self, loaded: LoadedModel, special_tokens: Sequence[str] = ()) -> None:
        self._tokenizer = loaded.tokenizer
        self._image_token = loaded.image_token_id
        self._name = loaded.name
        self._images = ImagePreprocessor(loaded.image_processor, name=loaded.name)
        base = getattr(loaded.model, "model", loaded.model)
        self._index_positions: Callable[..., tuple[torch.Tensor, torch.Tensor]] | None = getattr(
            base, "get_rope_index", None
        )
        self.special_tokens = (*find_special_tokens(loaded.tokenizer), *special_tokens)
        """What is broken wherever it stands in text, in addition to what `defuse` knows."""

    def encode(self, context: Context) -> Prompt:
        """Return the prompt of a context. Images are measured by their headers; no pixel is decoded.

        Raises:
            ReaderRefused: The template refuses the messages or leaves out images, an image is broken, or an attachment
                is no picture.
        """
        context = defuse_context(show_attachments(context), self.special_tokens)
        token = self._image_token
        placeholder = None if token is None else str(self._tokenizer.convert_ids_to_tokens(token))
        spelled = spell_chat(context, render=self._render, placeholder=placeholder, name=self._name)
        single, stable = self._tokenize(spelled)
        places = torch.nonzero(single == token).flatten() if token is not None else single[:0]
        if len(places) != len(context.images):
            raise self._refuse_places(len(places), len(context.images))
        images = self._place_images(context.images, places)
        counts = torch.ones_like(single)
        counts[places] = torch.tensor([image.count for image in images], dtype=torch.int64)
        ids = torch.repeat_interleave(single, counts)
        positions = self._find_positions(ids, images)
        return Prompt(
            ids=ids,
            images=images,
            positions=positions,
            next_position=int(positions.max()) + 1,
            stable_tokens=int(counts[:stable].sum()),
        )

    def _refuse_places(self, places: int, images: int) -> ReaderRefused:
        """Return the error for a template that puts no image token, or a config that names another one."""
        counted = f"the prompt has {places} places for {images} images"
        words = {"type": "text", "text": "a"}
        try:
            without, shown = (
                self._render([{"role": "user", "content": [*image, words]}])
                for image in ([], [{"type": "image"}])
            )
        except Exception:  # templates are programs of anybody
            without = shown = ""
        put = [one for one in find_special_tokens(self._tokenizer) if shown.count(one) > without.count(one)]
        named = (
            None if self._image_token is None else self._tokenizer.convert_ids_to_tokens(self._image_token)
        )
        if put and named not in put:
            return ReaderRefused(
                f"{counted}: the chat template of {self._name!r} shows an image as {' '.join(put)}, and config.json "
                f"has image_token_id={self._image_token} ({show_value(named)}). Correct it there, or download it again"
            )
        return ReaderRefused(
            f"{counted}: the chat template of {self._name!r} drops images or adds some. Give another "
            "chat_template.jinja"
        )

    def _render(self, messages: list[dict[str, Any]]) -> str:
        rendered = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return str(rendered)

    def _tokenize(self, spelled: Spelled) -> tuple[torch.Tensor, int]:
        """Return the ids with one placeholder an image, and how many of them lie in what never changes."""
        # Given as a list, since only a batch tells which token a character is in.
        encoded = self._tokenizer(
            [spelled.text], add_special_tokens=False, return_attention_mask=False, verbose=False
        )
        ids = torch.tensor(encoded["input_ids"][0], dtype=torch.int64)
        if not len(ids):
            raise ReaderRefused(f"the chat template of {self._name!r} makes an empty prompt. Ask something")
        if spelled.stable_chars >= len(spelled.text):
            return ids, len(ids)
        if not encoded.is_fast:
            return ids, 0
        stable = encoded.char_to_token(0, spelled.stable_chars)
        return ids, stable or 0

    def _place_images(self, parts: Sequence[ImagePart], places: torch.Tensor) -> tuple[PromptImage, ...]:
        images, moved = list[PromptImage](), 0
        for part, place in zip(parts, places.tolist(), strict=True):
            digest = self._images.digest(part.data)
            grid = self._images.measure(part.data, digest)
            count = self._images.count_tokens(grid)
            images.append(
                PromptImage(
                    digest=digest,
                    start=place + moved,
                    count=count,
                    grid=torch.tensor(grid, dtype=torch.int64),
                    part=part,
                    preprocessor=self._images,
                )
            )
            moved += count - 1
        return tuple(images)

    def _find_positions(self, ids: torch.Tensor, images: Sequence[PromptImage]) -> torch.Tensor:
        """Return positions, by the model's own rule, which keeps no state of it."""
        straight = torch.arange(len(ids), dtype=torch.int64)[None]
        if self._index_positions is None:
            return straight
        if not images:
            return straight.expand(3, -1)
        given: dict[str, torch.Tensor] = {
            "input_ids": ids[None],
            "mm_token_type_ids": torch.eq(ids[None], self._image_token or -1).int(),
            "image_grid_thw": torch.stack([image.grid for image in images]),
        }
        known = inspect.signature(self._index_positions).parameters
        positions, _ = self._index_positions(
            **{name: value for name, value in given.items() if name in known}
        )
        found: torch.Tensor = positions[:, 0]
        return found


def find_special_tokens(tokenizer: Any) -> tuple[str, ...]:  # noqa: ANN401 - a tokenizer has the fields of its family
    """Return what a tokenizer reads as one special token wherever it stands in text."""
    added = getattr(tokenizer, "added_tokens_decoder", {}).values()
    special = {str(token.content) for token in added if token.special}
    return tuple(sorted(token for token in special | set(tokenizer.all_special_tokens) if token.strip()))
