"""Count pages for synthesis as the model does, wherever they come from.

`PagePostprocessor` gives pages that know what they cost. Some engines take such pages apart: `CitationQueryEngine` puts
each into a plain node of its own, and LlamaIndex counts 2,125 tokens again. Knows image blocks and profiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any, TypeGuard

from llama_index.core.base.llms.types import BaseContentBlock, ChatMessage, ImageBlock
from llama_index.core.bridge.pydantic import Field
from llama_index.core.constants import DEFAULT_NUM_OUTPUTS
from llama_index.core.indices.prompt_helper import DEFAULT_PADDING, ChatPromptHelper
from llama_index.core.llms import LLM
from llama_index.core.prompts import BasePromptTemplate
from llama_index.core.tools import BaseTool
from llama_index.memory.glyph.messages import PageImageBlock
from llama_index.memory.glyph.options import merge_options
from llama_index.memory.glyph.profiles import Profile
from PIL import Image

from glyph_memory import ModelProfile, PageOptions, ProfileError


class PagePromptHelper(ChatPromptHelper):
    """A prompt helper that knows what images cost a model; for `Settings.chat_prompt_helper`, or for one synthesizer.

    Images that are addressed by a url are counted as LlamaIndex does: nothing is fetched.

    Args:
        profile: The model that will read, by name or value; the options' own, else Glyph, unless given.
        options: Of which nothing but the model matters here. See `glyph_memory.PageOptions`.
        context_window: Tokens of prompt and answer together; the model's own window unless given.
        num_output: Tokens that are left for the answer.

    Example:
        >>> from llama_index.core import Settings
        >>> Settings.chat_prompt_helper = PagePromptHelper(context_window=16_384)  # doctest: +SKIP
    """

    profile: Profile = Field(default="glyph", validate_default=True, description="The model that will read.")

    def __init__(
        self,
        *,
        profile: ModelProfile | str | None = None,
        options: PageOptions | None = None,
        context_window: int | None = None,
        num_output: int = DEFAULT_NUM_OUTPUTS,
        **kwargs: Any,  # noqa: ANN401 - what ChatPromptHelper takes
    ) -> None:
        model = merge_options(options, {} if profile is None else {"profile": profile}).profile
        window = context_window or model.window_tokens
        super().__init__(context_window=window, num_output=num_output, **kwargs)
        self.profile = model

    @classmethod
    def class_name(cls) -> str:
        """Return the class's name in serialized form."""
        return "PagePromptHelper"

    async def arepack(
        self,
        prompt: BasePromptTemplate,
        messages: Sequence[ChatMessage],
        padding: int = DEFAULT_PADDING,
        llm: LLM | None = None,
        tools: list[BaseTool] | None = None,
    ) -> list[ChatMessage]:
        """Join messages as far as the window allows, with the cost of images counted."""
        counted = [self._add_image_costs(message) for message in messages]
        return await super().arepack(prompt, counted, padding=padding, llm=llm, tools=tools)

    async def atruncate(
        self,
        prompt: BasePromptTemplate,
        messages: Sequence[ChatMessage],
        padding: int = DEFAULT_PADDING,
        llm: LLM | None = None,
        tools: list[BaseTool] | None = None,
    ) -> Sequence[ChatMessage]:
        """Cut messages to what the window allows, with the cost of images counted."""
        counted = [self._add_image_costs(message) for message in messages]
        return await super().atruncate(prompt, counted, padding=padding, llm=llm, tools=tools)

    def _add_image_costs(self, message: ChatMessage) -> ChatMessage:
        if not any(_is_uncounted(block) for block in message.blocks):
            return message
        return message.model_copy(
            update={"blocks": [self._add_image_cost(block) for block in message.blocks]}
        )

    def _add_image_cost(self, block: BaseContentBlock) -> BaseContentBlock:
        """Return an image as a block with its token cost; any other block, or an unreadable image, unchanged."""
        if not _is_uncounted(block):
            return block
        try:
            with Image.open(BytesIO(block.resolve_image().read())) as image:  # its header alone is read
                tokens = self.profile.image_tokens(image.size)
        except (
            OSError,
            ValueError,
            ProfileError,
            Image.DecompressionBombError,
        ):  # what is wrong with it, LlamaIndex or the server says
            return block
        return PageImageBlock.model_construct(**dict(block), tokens=tokens)


def _is_uncounted(block: BaseContentBlock) -> TypeGuard[ImageBlock]:
    return isinstance(block, ImageBlock) and not isinstance(block, PageImageBlock) and block.url is None
