"""The `PageProcessor`: what TRL's trainers ask of a processor, for models whose images are grids of patches.

The families' own processors want torchvision for videos, which no page is. Knows transformers' mixin; knows nothing
about samples.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

from typing import Any

from transformers import BaseImageProcessor, PreTrainedTokenizerBase
from transformers.processing_utils import ProcessorMixin


class PageProcessor(ProcessorMixin):
    """A tokenizer and an image processor in one, for text and images; with torchvision and without.

    Args:
        image_processor: The model's.
        tokenizer: The model's.
        image_token: What its chat template writes in the place of an image.
        chat_template: Its template.
    """

    return_mm_token_type_ids = True
    text_kwargs = {"return_token_type_ids": False}  # noqa: RUF012 - transformers' own spelling

    def __init__(
        self,
        image_processor: BaseImageProcessor,
        tokenizer: PreTrainedTokenizerBase,
        image_token: str = "",
        chat_template: str | None = None,
    ) -> None:
        self.image_token = image_token
        self.image_token_id = tokenizer.convert_tokens_to_ids(image_token)
        super().__init__(image_processor, tokenizer, chat_template=chat_template)

    def __call__(self, images: Any = None, text: Any = None, **named: Any) -> Any:  # noqa: ANN401 - transformers' own
        """Return what a model takes of texts, and of the images in their order: a list of them, or one a text."""
        flat = [
            image
            for group in images or ()
            for image in (group if isinstance(group, list | tuple) else [group])
        ]
        # A text without images may have None in its place, which transformers takes for an image.
        return super().__call__(
            images=[image for image in flat if image is not None] or None, text=text, **named
        )

    def replace_image_token(self, image_inputs: dict[str, Any], image_idx: int, **_: object) -> str:
        """Return the tokens of one image: a square of patches is one."""
        patches = int(image_inputs["image_grid_thw"][image_idx].prod())
        side = int(self.image_processor.merge_size)
        return self.image_token * (patches // (side * side))

    @property
    def model_input_names(self) -> list[str]:
        """What a model is given."""
        return [*super().model_input_names, "mm_token_type_ids"]
