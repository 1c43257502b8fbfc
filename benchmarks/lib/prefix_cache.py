"""A server's prefix cache as vLLM keeps it: prompts as a key for every token, blocks of 16, each chained to the last.

Knows messages; knows nothing about who wrote them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from glyph_memory.context import AttachmentPart, ImagePart, Message
from glyph_memory.tokens import ModelProfile
from glyph_memory.tokens.text import pieces
from glyph_memory.tokens.vocabulary import find_vocabulary, load_vocabulary

BLOCK_TOKENS = 16
"""vLLM's default."""

Prompt = NDArray[np.int64]
"""Shape (tokens,): two tokens have the same key where vLLM's cache holds them for the same."""

_FIRST_OWN_KEY = 1 << 20
"""Above every token of a vocabulary."""


class Keys:
    """Maps tokens to keys: text by token ids, an image's tokens by the image's digest and their places.

    Text is cut by OpenAI's `cl100k_base`, which GLM's tokenizer grew out of, where its vocabulary is on this machine;
    else into as many pieces of the same length as the profile counts tokens.

    Args:
        profile: The model; says how many tokens an image has.
    """

    def __init__(self, profile: ModelProfile) -> None:
        self._profile = profile
        vocabulary = find_vocabulary("cl100k_base")
        self._encoding = load_vocabulary("cl100k_base", vocabulary) if vocabulary else None
        self.name = "cl100k_base" if vocabulary else f"pieces, {profile.text_counter.name}"
        """How text is cut."""
        self._own: dict[str, int] = {}
        self._next = _FIRST_OWN_KEY
        self._texts: dict[str, Prompt] = {}
        self._images: dict[bytes, Prompt] = {}
        self._messages: dict[Message, Prompt] = {}

    def prompt(self, messages: Iterable[Message]) -> Prompt:
        """Return a request's keys, up to and including the marker after which the model answers."""
        return np.concatenate([*map(self.message, messages), self._marker("assistant")])

    def message(self, message: Message) -> Prompt:
        """Return a message's keys: a marker for its role, its parts, its calls without their ids, as templates do."""
        if message not in self._messages:
            parts = [self._marker(message.role)]
            parts += [
                self._image(part) if isinstance(part, ImagePart) else self.text(part.text)
                for part in message.parts
                if not isinstance(part, AttachmentPart)  # no talk that is measured has any
            ]
            for call in message.tool_calls:
                parts += [self._marker("call"), self.text(call.name), self.text(call.arguments)]
            self._messages[message] = np.concatenate(parts)
        return self._messages[message]

    def text(self, text: str) -> Prompt:
        """Return a text's keys."""
        if text not in self._texts:
            if self._encoding is not None:
                cut = (self._encoding.encode_ordinary(piece) for piece in pieces(text))
                keys = [key for piece in cut for key in piece]
            else:
                count = self._profile.text_tokens(text)
                edges = [len(text) * edge // count for edge in range(count + 1)] if count else [0]
                keys = [self._key(f"text {text[left:right]}") for left, right in pairwise(edges)]
            self._texts[text] = np.array(keys, np.int64)
        return self._texts[text]

    def _image(self, image: ImagePart) -> Prompt:
        digest = hashlib.sha256(image.data).digest()
        if digest not in self._images:
            count = self._profile.image_tokens(image.size, images=2)
            self._images[digest] = np.arange(self._next, self._next + count)
            self._next += count
        return self._images[digest]

    def _marker(self, role: str) -> Prompt:
        return np.array([self._key(f"role {role}")], np.int64)

    def _key(self, token: str) -> int:
        if token not in self._own:
            self._own[token] = self._next
            self._next += 1
        return self._own[token]


class BlockCache:
    """The blocks of every prompt so far. Unlike a server's cache under load, it never drops a block."""

    def __init__(self) -> None:
        self._numbers: dict[
            tuple[int, bytes], int
        ] = {}  # of a block, by the number of the one before and its keys
        self._latest: Prompt = np.empty(0, np.int64)
        self._chain: list[int] = []  # the numbers of the latest prompt's blocks

    def look_up(self, prompt: Prompt) -> int:
        """Return how many tokens at a prompt's beginning are cached, then add the prompt's blocks.

        A block that is not full is never kept, and the last token is always computed.
        """
        # Blocks shared with the latest prompt need no look: without this, long conversations take minutes.
        chain = self._chain[: count_shared_tokens(self._latest, prompt) // BLOCK_TOKENS]
        known = len(chain)
        for start in range(len(chain) * BLOCK_TOKENS, len(prompt) - BLOCK_TOKENS + 1, BLOCK_TOKENS):
            block = chain[-1] if chain else 0, prompt[start : start + BLOCK_TOKENS].tobytes()
            if known == len(chain) and block in self._numbers:
                known += 1
            chain.append(self._numbers.setdefault(block, len(self._numbers) + 1))
        self._latest, self._chain = prompt, chain
        return min(known, (len(prompt) - 1) // BLOCK_TOKENS) * BLOCK_TOKENS


def count_shared_tokens(one: Prompt, other: Prompt) -> int:
    """Return how many tokens two prompts have in common at their beginning."""
    length = min(len(one), len(other))
    differs = one[:length] != other[:length]
    return int(differs.argmax()) if differs.any() else length


def count_images(messages: Sequence[Message]) -> int:
    """Return the number of images in a request."""
    return sum(isinstance(part, ImagePart) for message in messages for part in message.parts)
