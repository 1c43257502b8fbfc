"""The `TokenCounts`: what text, turns and contexts cost one model.

Knows the model's profile and what a chat template puts round messages; draws nothing, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from glyph_memory.context.attachments import estimate_tokens, is_image
from glyph_memory.context.cache import remember_texts
from glyph_memory.context.cleaning import TextCleaner, call_id
from glyph_memory.context.messages import AttachmentPart, Context, ImagePart, Part, Text
from glyph_memory.context.pictures import decode_picture
from glyph_memory.errors import ProfileError
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Attachment, Turn

MESSAGE_TOKENS = 8
"""What a chat template puts round a message, at the most: begin, role, line breaks, end."""
CALL_TOKENS = 24
"""What it puts round a tool call, or we round a result whose call is gone."""
PICTURE_TOKENS = 32
"""What we say about a recent turn's picture."""
ATTACHMENT_TOKENS = 40
"""What we say about a recent turn's attachment, above it and below, but for its name."""
_REMEMBERED_FILES = 64


class TokenCounts:
    """Counts tokens for one model. Recent turns are counted again for every context, so results are remembered.

    Args:
        profile: The model.
        cleaner: Spells text as it is sent: what is counted is what is sent.
        prompt_tokens: What a prompt may take; a sealed turn's image may take a quarter of it.
        sent_size: Gives the size in which a picture is sent, from its own; that one unless given.
    """

    def __init__(
        self,
        profile: ModelProfile,
        *,
        cleaner: TextCleaner,
        prompt_tokens: int,
        sent_size: Callable[[tuple[int, int]], tuple[int, int]] | None = None,
    ) -> None:
        self._profile, self._cleaner, self._prompt_tokens = profile, cleaner, prompt_tokens
        self.sent_size = sent_size or (lambda size: size)
        """Returns the size in which a picture is sent, from its own."""
        counter = profile.text_counter
        self.counter_name = counter.name
        """What counts text: the model's own tokenizer, a stand-in, or an estimate."""
        self._count = remember_texts(counter.count)
        # Few are remembered: a key is the whole file.
        self._estimate = lru_cache(maxsize=_REMEMBERED_FILES)(
            lambda attachment: estimate_tokens(attachment, profile=profile, count=counter.count)
        )

    def count(self, text: str) -> int:
        """Count a text as it stands."""
        return self._count(text)

    def count_cleaned(self, text: str) -> int:
        """Count a text as it is sent, its special tokens broken."""
        return self._count(self._cleaner.clean(text))

    def accepts_image(self, size: tuple[int, int]) -> bool:
        """Return whether the model takes an image of that size."""
        try:
            return self._profile.image_tokens(size) > 0
        except ProfileError:
            return False

    def accepts_sealed_image(self, size: tuple[int, int]) -> bool:
        """Return whether an image of that size may ride beside pages: it takes a quarter of the prompt at the most."""
        return self.accepts_image(size) and self._profile.image_tokens(size) <= self._prompt_tokens // 4

    def accepts_picture(self, size: tuple[int, int]) -> bool:
        """Return whether the model takes a picture of that size as it is sent."""
        return self.accepts_image(self.sent_size(size))

    def count_picture(self, size: tuple[int, int]) -> int:
        """Count what a picture of that size costs, alone in a request or not: one rule charges more for a lone one."""
        sent = self.sent_size(size)
        return max(self._profile.image_tokens(sent, images=images) for images in (1, 2))

    def count_message(self, turn: Turn) -> int:
        """Count what a turn costs as a message, without its pictures and attachments."""
        escape = self._cleaner.clean_and_escape
        tokens = MESSAGE_TOKENS + self._count(self._cleaner.clean_message(turn))
        if turn.role == "tool":
            tokens += CALL_TOKENS + self._count(escape(turn.name or ""))
        for number, call in enumerate(turn.tool_calls):
            # As a call or in words, whichever takes more; the id counts twice, since the result is sent with it, too.
            arguments = self._cleaner.clean_arguments(call.arguments), escape(call.arguments)
            tokens += CALL_TOKENS + self._count(escape(call.name)) + max(map(self._count, arguments))
            tokens += 2 * self._count(escape(call_id(turn, number)))
        return tokens

    def count_content(self, turns: Sequence[Turn]) -> int:
        """Count the turns' texts and calls alone, without what a template puts round them."""
        calls = [call for turn in turns for call in turn.tool_calls]
        said = [*map(self._cleaner.clean_message, turns), *(call.name for call in calls)]
        return sum(map(self._count, [*said, *(call.arguments for call in calls)]))

    def count_pictures(self, turn: Turn) -> int:
        """Count what a turn's pictures and attachments cost while the turn is a message."""
        tokens = sum(
            ATTACHMENT_TOKENS
            + self._count(self._cleaner.clean_and_escape(attached.label))
            + (self._estimate(attached) or 0)
            for attached in turn.attachments
        )
        for data in turn.images:
            picture = decode_picture(data)
            tokens += PICTURE_TOKENS
            if picture is not None and self.accepts_picture(picture.size):
                tokens += self.count_picture(picture.size)
        return tokens + MESSAGE_TOKENS

    def estimate_attachment(self, attachment: Attachment) -> int | None:
        """Estimate what an attachment costs; None where that cannot be told, and it counts as nothing.

        A picture by its address counts as one of 1024 × 1024 pixels, a file of text as its text, a PDF as a picture a
        page. Of audio, video, and files that are elsewhere nothing is known.
        """
        return self._estimate(attachment)

    def make_attachment_part(self, attachment: Attachment) -> AttachmentPart:
        """Return an attachment as a part of a message."""
        return AttachmentPart(
            block=attachment.block,
            name=attachment.label,
            media_type=attachment.media_type,
            tokens=self._estimate(attachment),
            is_image=is_image(attachment),
        )

    def count_parts(self, parts: Sequence[Part]) -> int:
        """Count parts of a message, each image as one of several."""
        sizes = [part.size for part in parts if isinstance(part, ImagePart)]
        texts = [part.text for part in parts if isinstance(part, Text)]
        files = [part.tokens or 0 for part in parts if isinstance(part, AttachmentPart)]
        return (
            sum(map(self._count, texts))
            + sum(files)
            + sum(self._profile.image_tokens(size, images=2) for size in sizes)
        )

    def count_context(self, context: Context) -> int:
        """Count a context as the model's profile does, with the most that a template adds to messages."""
        tokens = self._profile.pages_tokens([image.size for image in context.images])
        tokens += sum(attached.tokens or 0 for attached in context.attachments)
        for message in context.messages:
            texts = [part.text for part in message.parts if isinstance(part, Text)]
            tokens += MESSAGE_TOKENS + sum(map(self._count, texts))
            for call in message.tool_calls:
                tokens += CALL_TOKENS + sum(map(self._count, (call.name, call.arguments, call.id)))
            tokens += self._count(message.tool_call_id or "")
        return tokens
