"""Count the tokens of a text: with the model's own tokenizer, a stand-in for it, or an estimate that says so.

Special tokens that stand in a text are counted as the ordinary characters they are there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from glyph_memory.errors import ProfileError
from glyph_memory.tokens.estimate import EstimateCounter
from glyph_memory.tokens.vocabulary import Encoding, find_vocabulary, load_vocabulary

if TYPE_CHECKING:
    import tokenizers

PIECE = 8_192
"""Characters after which a long text is cut at the next place where no token can straddle."""
UNBROKEN = 4_096
"""Characters without such a place after which it is cut all the same; see `pieces`."""


class TextCounter(Protocol):
    """Anything that counts a text's tokens and knows how well it does."""

    @property
    def name(self) -> str:
        """Which counter it is; two with the same name give the same counts."""

    @property
    def exact(self) -> bool:
        """Whether it counts what the model counts, but for the rare cut that `pieces` describes."""

    @property
    def typical_error(self) -> float | None:
        """How far off it usually is, as a share of the true count; None where that was never measured."""

    def count(self, text: str) -> int:
        """Count the tokens of a text, on its own: no template, no beginning- or end-of-sequence tokens."""


@dataclass(frozen=True, slots=True)
class FileCounter:
    """Counts with a model's own `tokenizer.json`."""

    path: Path
    """The `tokenizer.json`; `FileCounter.of` takes its folder as well, and looks inside."""

    @classmethod
    def of(cls, path: str | Path) -> FileCounter:
        """Return a counter for a `tokenizer.json`, or for the folder that holds it.

        Raises:
            ProfileError: there is no such file, or it holds no tokenizer.
        """
        path = Path(path)
        path = path / "tokenizer.json" if path.is_dir() else path
        if not path.is_file():
            raise ProfileError(
                f"no tokenizer at {str(path)!r}. Give a tokenizer.json, or the folder that holds it"
            )
        counter = cls(path.resolve())
        _load_tokenizer(counter.path, counter._stamp)
        return counter

    @property
    def name(self) -> str:
        """The file's name and the beginning of its SHA-256."""
        return f"tokenizer.json:{_digest(self.path, self._stamp)[:12]}"

    @property
    def exact(self) -> bool:
        """True: it is the model's own."""
        return True

    @property
    def typical_error(self) -> float:
        """Always 0: it is the model's own tokenizer."""
        return 0.0

    def count(self, text: str) -> int:
        """Count the tokens of a text."""
        tokenizer = _load_tokenizer(self.path, self._stamp)
        return sum(
            len(tokenizer.encode(piece, add_special_tokens=False).ids)
            for piece in map(_replace_surrogates, pieces(text))
        )

    @property
    def _stamp(self) -> int:
        """What changes with the file, so that a cached tokenizer is never an old one."""
        return self.path.stat().st_mtime_ns


@dataclass(frozen=True, kw_only=True, slots=True)
class TiktokenCounter:
    """Counts with a tiktoken vocabulary that lies on this machine."""

    encoding: Encoding
    """Which one."""
    vocabulary: Path
    """Its file, found and found intact by `find_vocabulary`."""
    exact: bool
    """Whether it is the model's own tokenizer, or only stands in for one of the same making."""

    @property
    def name(self) -> str:
        """The encoding's name."""
        return self.encoding

    @property
    def typical_error(self) -> float | None:
        """0 where it is the model's own tokenizer; None where it stands in for one, as that was never measured."""
        return 0.0 if self.exact else None

    def count(self, text: str) -> int:
        """Count the tokens of a text."""
        tokenizer = load_vocabulary(self.encoding, self.vocabulary)
        return sum(len(tokenizer.encode_ordinary(piece)) for piece in map(_replace_surrogates, pieces(text)))


def text_counter(*, tokenizer: Path | None = None, encoding: Encoding | None = None) -> TextCounter:
    """Return the best counter on this machine.

    Args:
        tokenizer: the model's own `tokenizer.json`, if there is one.
        encoding: the tiktoken encoding that is the model's own tokenizer, if one is. For other models
            `cl100k_base` stands in where its vocabulary is found: GLM's and Qwen's grew out of it.
    """
    if tokenizer is not None:
        return FileCounter(tokenizer)
    candidates: tuple[Encoding, ...] = ("cl100k_base",) if encoding is None else (encoding, "cl100k_base")
    for candidate in candidates:
        vocabulary = find_vocabulary(candidate)
        if vocabulary is not None:
            return TiktokenCounter(encoding=candidate, vocabulary=vocabulary, exact=candidate == encoding)
    return EstimateCounter()


_SEAM = re.compile(
    r"(?<=\S)(?= )|(?<=\n)(?=\S)|(?<=[^\W_])(?=[,.;:!?(){}\[\]<>=+*/&%$#@|~^\"、。，；：！？（）「」《》“”])"
)
"""Between a word and a space, after a line, between a letter or digit and a mark: all split there first."""


def pieces(text: str) -> Iterator[str]:
    """Cut a long text only where no token crosses, so that counting stays linear and memory small.

    Byte-pair tokenizers split a text by a pattern before they merge, and no merge crosses such a split. The
    counts of the pieces add up exactly for the patterns of GPT, GLM, Qwen, Llama 3 and their kin. The number
    is exact only below the limit: in a run of more than `UNBROKEN` characters without a space after a word, a
    line's end, or a mark after a letter or digit (a megabyte of base64, say), a cut falls anywhere and may
    add a token or two.
    """
    start = 0
    while len(text) - start > PIECE + UNBROKEN:
        seam = _SEAM.search(text, start + PIECE, start + PIECE + UNBROKEN)
        stop = seam.start() if seam else start + PIECE + UNBROKEN
        yield text[start:stop]
        start = stop
    yield text[start:]


def _replace_surrogates(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot encode and Rust refuses."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


@lru_cache(maxsize=4)
def _load_tokenizer(path: Path, stamp: int) -> tokenizers.Tokenizer:
    # Imported here: an agent that never names a tokenizer file should not pay for the library.
    import tokenizers  # noqa: PLC0415

    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing more particular
        raise ProfileError(
            f"{str(path)!r} holds no tokenizer ({error}). Is it the model's tokenizer.json?"
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True  # which means: as text, not as the special tokens
    return tokenizer


@lru_cache(maxsize=4)
def _digest(path: Path, stamp: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
