"""Count what a vision-language model of GLM-4.1V's kind computes and reads: parameters, FLOPs, bytes. Pure arithmetic.

Knows an architecture's numbers; knows nothing about torch, pages or clocks. A multiplication with its addition is two
FLOPs. Norms, rotary positions and softmax are left out: they are below one in a hundred.
"""

from __future__ import annotations

from dataclasses import dataclass

_PUBLISHED_PREFILL = {4096: 1.8, 8192: 2.0, 16_384: 2.2, 32_768: 2.5, 65_536: 3.3, 131_072: 4.8}
_PUBLISHED_DECODING = {4096: 2.3, 8192: 2.3, 16_384: 2.5, 32_768: 2.7, 65_536: 3.2, 131_072: 4.4}
MOST_SEQUENCES = 256
"""That are decoded at once: servers' own limit, and more would no longer wait for memory."""
SPARE_BYTES = 3 << 30
"""What stays free beside weights, keys and values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """FLOPs, by what does them."""

    matrices: float = 0.0
    """Multiplying by weights."""
    attention: float = 0.0
    """Queries by keys, and scores by values."""

    @property
    def total(self) -> float:
        """All of them."""
        return self.matrices + self.attention

    def __add__(self, other: Work) -> Work:
        """Return both together."""
        return Work(matrices=self.matrices + other.matrices, attention=self.attention + other.attention)


@dataclass(frozen=True, kw_only=True, slots=True)
class Architecture:
    """The numbers of a network: GLM-4.1V-9B's, which are Glyph's, unless others are given."""

    layers: int = 40
    """Of the language model."""
    hidden: int = 4096
    """Its width."""
    heads: int = 32
    """Attention heads."""
    kv_heads: int = 2
    """Heads of keys and values."""
    inner: int = 13_696
    """Width inside the language model's and the merger's MLP."""
    vocabulary: int = 151_552
    """Tokens; embedding and head are two matrices."""
    vision_layers: int = 24
    """Of the vision tower."""
    vision_hidden: int = 1536
    """Its width."""
    vision_heads: int = 12
    """Its heads."""
    patch_px: int = 14
    """Side of a patch."""
    merge: int = 2
    """Patches along a side that become one token."""
    frames: int = 2
    """Frames of a still."""
    places: int = 24 * 24
    """Learned positions of patches."""

    @property
    def head_size(self) -> int:
        """Width of a head."""
        return self.hidden // self.heads

    @property
    def layer_weights(self) -> int:
        """Weights of a language layer's matrices."""
        kept = self.heads * self.head_size
        return (
            2 * self.hidden * kept
            + 2 * self.hidden * self.kv_heads * self.head_size
            + 3 * self.hidden * self.inner
        )

    @property
    def block_weights(self) -> int:
        """Weights of a vision block's matrices; its MLP is as wide inside as the language model."""
        return 4 * self.vision_hidden**2 + 3 * self.vision_hidden * self.hidden

    @property
    def patch_weights(self) -> int:
        """Weights of the convolution that reads a patch."""
        return 3 * self.frames * self.patch_px**2 * self.vision_hidden

    @property
    def merger_weights(self) -> int:
        """Weights of the convolution and the MLP that make a token of patches."""
        return (
            self.vision_hidden * self.merge**2 * self.hidden + self.hidden**2 + 3 * self.hidden * self.inner
        )

    @property
    def language_parameters(self) -> int:
        """Of the language model: matrices, biases, four norms a layer, embedding and head."""
        biases = (self.heads + 2 * self.kv_heads) * self.head_size
        layer = self.layer_weights + biases + 4 * self.hidden
        return self.layers * layer + self.hidden + 2 * self.vocabulary * self.hidden

    @property
    def vision_parameters(self) -> int:
        """Of the vision tower and its merger."""
        blocks = self.vision_layers * (self.block_weights + 2 * self.vision_hidden)
        ends = self.patch_weights + self.places * self.vision_hidden + 3 * self.vision_hidden
        return blocks + ends + self.merger_weights + 3 * self.hidden

    @property
    def parameters(self) -> int:
        """All of them."""
        return self.language_parameters + self.vision_parameters

    def count_prefill(self, tokens: int, *, cached: int = 0) -> Work:
        """Return what reading tokens takes, behind so many that are cached; one token is decoded at the end.

        Attention is causal: of the square of new tokens it needs half.
        """
        matrices = 2 * (self.layers * self.layer_weights * tokens + self.vocabulary * self.hidden)
        pairs = tokens * cached + tokens * tokens / 2
        return Work(matrices=matrices, attention=4 * self.layers * pairs * self.heads * self.head_size)

    def count_vision(self, patches: int) -> Work:
        """Return what encoding one picture of so many patches takes."""
        each = self.vision_layers * self.block_weights + self.patch_weights
        merged = patches // self.merge**2
        return Work(
            matrices=2 * (patches * each + merged * self.merger_weights),
            attention=4 * self.vision_layers * patches**2 * self.vision_hidden,
        )

    def count_pages(self, patches: list[int], tokens: int) -> Work:
        """Return what a prompt of pages takes: the pages encoded, and all its tokens read.

        Args:
            patches: Of each page.
            tokens: Of the prompt, with those around pages and those of the question.
        """
        work = self.count_prefill(tokens)
        for one in patches:
            work += self.count_vision(one)
        return work

    def count_kv_bytes(self, tokens: int) -> int:
        """Return the bytes of keys and values of so many tokens, at two bytes a number."""
        return 2 * self.layers * self.kv_heads * self.head_size * 2 * tokens

    def count_step_bytes(self, tokens: int, batch: int) -> int:
        """Return what one step of decoding reads: the matrices once, and each sequence's keys and values."""
        weights = self.layers * self.layer_weights + self.vocabulary * self.hidden
        return 2 * weights + batch * self.count_kv_bytes(tokens)


def find_published(text_tokens: int) -> dict[str, float | None]:
    """Return how many times as fast pages are in Glyph's paper: prefill, and the throughput of decoding."""
    return {
        "prefill": _PUBLISHED_PREFILL.get(text_tokens),
        "decoding": _PUBLISHED_DECODING.get(text_tokens),
    }


GLM_9B = Architecture()
"""GLM-4.1V-9B, which is also Glyph."""
TINY = Architecture(
    layers=4,
    hidden=128,
    heads=4,
    kv_heads=2,
    inner=256,
    vocabulary=512,
    vision_layers=2,
    vision_hidden=64,
    vision_heads=2,
)
"""The same in small, for a run without a GPU."""
