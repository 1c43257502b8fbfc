"""The `ModelProfile`: what a vision-language model charges, takes and must not be told.

Knows one model at a time, and asks its rule and its text counter; the table of known models is `catalogue`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import get_args

from glyph_memory.checks import check_text, check_whole
from glyph_memory.errors import ProfileError, show_value
from glyph_memory.style import Calibrated, ReadingLimits
from glyph_memory.tokens.images import ImageRule, Size
from glyph_memory.tokens.names import find_name, list_spellings
from glyph_memory.tokens.text import FileCounter, TextCounter, text_counter
from glyph_memory.tokens.vocabulary import Encoding

_LONGEST_SIDE_PX = 1 << 31
"""No image format has longer sides; the rules are arithmetic of floats, which end."""


def _is_size(size: object) -> bool:
    """Return whether something is a width and a height."""
    return (
        isinstance(size, tuple | list)
        and len(size) == 2
        and all(isinstance(side, int) and 1 <= side <= _LONGEST_SIDE_PX for side in size)
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelProfile:
    """What one vision-language model charges and allows.

    Example:
        >>> glyph = ModelProfile.from_name("zai-org/Glyph")
        >>> glyph.image_tokens((588, 840)), glyph.image_tokens((588, 840), wrapped=False)
        (632, 630)
    """

    name: str
    """What the model is called here; `ModelProfile.names()` lists them."""
    family: str
    """Whose processor it shares, by transformers' module name where there is one."""
    image_rule: ImageRule
    """How many tokens an image becomes."""
    window_tokens: int
    """Longest prompt and answer together, in tokens, as its published config or serving recipe says."""
    wrap_tokens: int = 0
    """Tokens that chat template and processor put before and after each image (begin, end, blank lines)."""
    snap_px: int = 1
    """Sides that are multiples of this are not resampled; 1 where every image is resampled anyway."""
    newline_mark: str = "⏎"
    """Drawn in red in place of a line break on dense pages; the one that the model was trained on, if it was."""
    special_tokens: tuple[str, ...] = ()
    """Strings that must be defused where they stand in text that is sent."""
    encoding: Encoding | None = None
    """The tiktoken encoding that is the model's own tokenizer, if one is."""
    tokenizer: Path | None = None
    """The model's own `tokenizer.json`, where there is one at hand; set by `with_tokenizer`."""
    max_images: int | None = 999
    """Images a request may hold: vLLM's default limit, or the vendor's."""
    max_request_px: int | None = 178_956_970
    """Pixels of all images of a request together: vLLM's default budget for decoding, at four bytes each."""
    max_request_bytes: int | None = None
    """Bytes of all images of a request together, as encoded files; None where no limit is known."""
    image_uuids: bool = True
    """Whether a server of the model may be given keys to cache images under: vLLM takes them, vendors' own do not."""
    reading: ReadingLimits | None = field(default=None, repr=False)
    """What the model was found to read; set by `with_calibration`. Pages then get the style that it reads, and a style
    that it does not is refused."""

    def __post_init__(self) -> None:
        """Raise an error for a field of another kind, or a number that is out of range."""
        for name in ("name", "family"):
            check_text(name, getattr(self, name), ProfileError)
            if not getattr(self, name):
                raise ProfileError(f"{name}='' of a profile is empty; give the model's")
        for name, lowest in {"window_tokens": 1, "wrap_tokens": 0, "snap_px": 1}.items():
            check_whole(name, getattr(self, name), ProfileError, at_least=lowest)
        for name in ("max_images", "max_request_px", "max_request_bytes"):
            check_whole(name, getattr(self, name), ProfileError, or_none=True)
        if not isinstance(self.image_rule, ImageRule):
            raise ProfileError(
                f"image_rule={show_value(self.image_rule)} is no ImageRule; glyph_memory.tokens has them"
            )
        if not isinstance(self.special_tokens, tuple) or not all(
            isinstance(token, str) and token for token in self.special_tokens
        ):
            raise ProfileError(
                f"special_tokens={show_value(self.special_tokens)} is no tuple of words; give one, such as ('<|x|>',)"
            )
        if self.encoding is not None and self.encoding not in get_args(Encoding):
            raise ProfileError(
                f"encoding={show_value(self.encoding)} is not known; give None or one of {get_args(Encoding)}"
            )
        if self.reading is not None:
            if not isinstance(self.reading, ReadingLimits):
                raise ProfileError(
                    f"reading={show_value(self.reading)} is no ReadingLimits; with_calibration takes a file"
                )
            self.reading.check_model(profile=self.name)

    @classmethod
    def from_name(cls, name: str) -> ModelProfile:
        """Return the profile of a model, by its name here or however a hub, a server or a file spells it, in any case.

        Hub ids, Ollama's names, GGUF files, folders, quantized copies. Of a path the last part counts that names
        something. It stands for the longest known name that it is, or that it begins with up to a hyphen, unless a
        version number follows: `Qwen/Qwen2.5-VL-7B-Instruct` is `qwen2.5-vl`, and `LLaVA-OneVision-1.5-8B` is not
        `llava-onevision`.

        Raises:
            ProfileError: nothing like it is known, and the message lists the nearest names; or it is known to answer
                nothing about images.
        """
        # Imported here: the table is made of profiles.
        from glyph_memory.tokens.catalogue import ALIASES, OTHER_RULES, PROFILES, reads_nothing  # noqa: PLC0415

        check_text("name", name, ProfileError)
        if reads_nothing(name):
            raise ProfileError(
                f"{show_value(name)} answers nothing about images: name a vision-language model"
            )
        known = {**{row: row for row in PROFILES}, **ALIASES}
        found = find_name(name, known)
        if found is not None and not any(map(OTHER_RULES.search, list_spellings(name))):
            return PROFILES[known[found]]
        key = next(iter(list_spellings(name)), "")
        nearest = dict.fromkeys(known[row] for row in get_close_matches(key, known, n=6, cutoff=0.4))
        hint = (
            f"Nearest: {', '.join(map(repr, list(nearest)[:4]))}" if nearest else "See ModelProfile.names()"
        )
        raise ProfileError(
            f"no model profile {show_value(name)}. {hint}; or build a ModelProfile of its processor's rule"
        )

    @classmethod
    def of(cls, profile: ModelProfile | str) -> ModelProfile:
        """Return a profile, given itself or a model's name.

        Raises:
            ProfileError: No such model is known, or it is no profile.
        """
        if isinstance(profile, str):
            return cls.from_name(profile)
        if not isinstance(profile, ModelProfile):
            raise ProfileError(
                f"{show_value(profile)} is no model profile; give a ModelProfile, or a model's name such as 'glyph'"
            )
        return profile

    @staticmethod
    def names() -> tuple[str, ...]:
        """List the names that `from_name` accepts, sorted, without aliases."""
        from glyph_memory.tokens.catalogue import PROFILES  # noqa: PLC0415  # as in `from_name`

        return tuple(sorted(PROFILES))

    @property
    def max_aspect_ratio(self) -> float | None:
        """Longer side over shorter side beyond which the model refuses an image, if it does."""
        return self.image_rule.max_aspect_ratio

    def image_tokens(self, size: Size, *, images: int = 1, wrapped: bool = True) -> int:
        """Count the tokens that one image adds to a prompt.

        Args:
            size: width and height in pixels.
            images: how many images the prompt holds, this one included. It matters to LLaVA-OneVision alone,
                which tiles a lone image and charges a flat sum for each of several.
            wrapped: whether to count `wrap_tokens` too. Without them it is what takes the place of one image
                placeholder: features, and the row breaks and tile tags the processor puts between them.

        Raises:
            ProfileError: a side that is no whole number of pixels above zero, or an image the model refuses.
        """
        if not _is_size(size):
            raise ProfileError(
                f"an image of {show_value(size)} cannot be counted: give width and height, whole pixels from 1 to "
                f"{_LONGEST_SIDE_PX:,}"
            )
        if images < 1:
            raise ProfileError(
                f"images={show_value(images)}: a prompt that holds this image holds one at least"
            )
        width, height = size
        return self.image_rule.tokens((width, height), images=images) + (self.wrap_tokens if wrapped else 0)

    def pages_tokens(self, sizes: Iterable[Size]) -> int:
        """Count the tokens that all images add to a prompt, wrapping included; no image costs nothing.

        Raises:
            ProfileError: as for `image_tokens`.
        """
        pages = list(sizes)
        return sum(self.image_tokens(size, images=len(pages)) for size in pages)

    @property
    def text_counter(self) -> TextCounter:
        """The best counter at hand for the model's text: its own tokenizer, a stand-in, or an estimate.

        Which one it is depends on the machine. Its `name` and `exact` say; who keeps counts should keep the
        name.
        """
        return text_counter(tokenizer=self.tokenizer, encoding=self.encoding)

    def text_tokens(self, text: str) -> int:
        """Count a text's tokens with `text_counter`; special tokens in it count as the text they are."""
        return self.text_counter.count(text)

    def with_tokenizer(self, path: str | Path) -> ModelProfile:
        """Return a profile that counts text with the model's own tokenizer.

        Args:
            path: a `tokenizer.json`, or the folder that holds it.

        Raises:
            ProfileError: there is no such file, or it holds no tokenizer.
        """
        return replace(self, tokenizer=FileCounter.of(path).path)

    def with_calibration(self, calibration: ReadingLimits | Calibrated | str | Path) -> ModelProfile:
        """Return a profile whose pages get the densest style that the model was found to read.

        Args:
            calibration: The path of the file that `glyph-memory calibrate` wrote, a `Calibration`, or its `limits()`.

        Raises:
            GlyphMemoryError: The file cannot be read.
            ProfileError: It is of another model.
            StyleError: It is no calibration, or of another version.
        """
        return replace(self, reading=ReadingLimits.of(calibration))
