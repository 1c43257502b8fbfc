"""Count the tokens of a text: with the model's own tokenizer, a stand-in for it, or an estimate that says so.

Special tokens that stand in a text are counted as the ordinary characters they are there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from glyph_memory.errors import ProfileError
from glyph_memory.files import is_file, is_folder, read_file
from glyph_memory.tokens.estimate import EstimateCounter
from glyph_memory.tokens.vocabulary import Encoding, find_vocabulary, load_vocabulary

if TYPE_CHECKING:
    import tokenizers

PIECE = 8_192
"""Characters after which a long text is cut at the next place where no token can straddle."""
UNBROKEN = 4_096
"""Characters without such a place after which it is cut all the same; see `pieces`."""

_BYTES_AT_MOST = 256 << 20
"""Of a `tokenizer.json`; the largest known ones have some 35 MB."""
_SAMPLE = "".join(map(chr, range(32, 127)))
"""What any text tokenizer encodes."""


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
        inside = Path(path) / "tokenizer.json"
        path = inside if is_folder(path) else Path(path)
        if not is_file(path):
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
        """Count the tokens of a text.

        Raises:
            ProfileError: the file is gone, is no tokenizer any more, or cannot encode this text.
        """
        tokenizer = _load_tokenizer(self.path, self._stamp)
        with _translate(f"the tokenizer {str(self.path)!r} cannot encode a text"):
            return sum(
                len(tokenizer.encode(piece, add_special_tokens=False).ids)
                for piece in map(_replace_surrogates, pieces(text))
            )

    @property
    def _stamp(self) -> int:
        """What changes with the file, so that a cached tokenizer is never an old one."""
        try:
            return self.path.stat().st_mtime_ns
        except OSError as error:
            raise _make_error(self.path, error.strerror) from error


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

    data = _read(path)
    with _translate(f"{str(path)!r} holds no tokenizer"):
        tokenizer = tokenizers.Tokenizer.from_buffer(data)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = True  # which means: as text, not as the special tokens
        tokenizer.encode(
            _SAMPLE, add_special_tokens=False
        )  # one that cannot is told now, not amid a conversation
    return tokenizer


@contextmanager
def _translate(what: str) -> Iterator[None]:
    """Turn whatever the library raises into an error of ours; where its Rust panics, that is no `Exception`."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise  # Ctrl-C and the like
        raise ProfileError(f"{what} ({error}). Is it the model's tokenizer.json?") from error


@lru_cache(maxsize=4)
def _digest(path: Path, stamp: int) -> str:
    return hashlib.sha256(_read(path)).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return read_file(path, at_most=_BYTES_AT_MOST)
    except OSError as error:
        raise _make_error(path, error.strerror) from error


def _make_error(path: Path, reason: object) -> ProfileError:
    return ProfileError(f"no tokenizer can be read from {str(path)!r}: {reason}. Give a tokenizer.json")
