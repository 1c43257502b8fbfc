"""Texts of exact lengths in tokens: Python's language reference as it is written, and as paragraphs.

Tokens are those of OpenAI's `cl100k_base`, which GLM's tokenizer grew out of: a stand-in, for the model's own is in no
package. Knows texts and a tokenizer; knows nothing about pages.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pydoc_data import topics

from glyph_memory.tokens.text import pieces
from glyph_memory.tokens.vocabulary import find_vocabulary, load_vocabulary
from lib.corpus import prose

TOKENIZER = "cl100k_base"
LENGTHS = (4096, 8192, 16_384, 32_768, 65_536, 131_072)
"""Tokens of text that are measured; those of the paper."""
KINDS = (("as written", "default"), ("as written", "dense"), ("paragraphs", "default"))
"""Texts, and how their pages look."""
QUESTION = tuple(range(100, 164))
"""The tokens of what is asked behind text and pages: any will do."""
_PROSE_CHARACTERS = 60_000  # the same that other benchmarks set


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """The beginning of an endless text."""

    text: str
    """Its characters."""
    ids: list[int]
    """Its tokens, as many as were asked for."""


class Texts:
    """The texts that are measured, each as long as wanted: behind its end it begins again.

    Raises:
        SystemExit: The tokenizer's vocabulary is not on this machine.
    """

    def __init__(self) -> None:
        path = find_vocabulary(TOKENIZER)
        if path is None:
            raise SystemExit(
                f"no vocabulary of {TOKENIZER} on this machine, and an estimate is no measurement. "
                "Run: pip install --no-deps llama-index-core"
            )
        self._encoding = load_vocabulary(TOKENIZER, path)
        self._sources = {
            "as written": "\n\n".join(text for _, text in sorted(topics.topics.items())) + "\n\n",
            "paragraphs": prose(_PROSE_CHARACTERS) + "\n\n",
        }

    def cut(self, name: str, tokens: int) -> Cut:
        """Return the first tokens of a text; the text is what they spell, but for a character cut in two."""
        ids = list(itertools.islice(self._encode_again(self._sources[name]), tokens))
        return Cut(text=self._encoding.decode(ids, errors="ignore"), ids=ids)

    def encode(self, text: str) -> list[int]:
        """Return a text's tokens, as a server cuts it before it reads it."""
        return list(self._encode(text))

    def _encode_again(self, text: str) -> Iterator[int]:
        return itertools.chain.from_iterable(map(self._encode, itertools.repeat(text)))

    def _encode(self, text: str) -> Iterable[int]:
        return itertools.chain.from_iterable(self._encoding.encode_ordinary(piece) for piece in pieces(text))
