"""The `TrainingSample`: what a model is asked, with pages in it, and what it should answer.

Trainers, page data and rewards all speak of samples; knows nothing about any of them, nor about how pages are drawn.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from glyph_memory.errors import GlyphMemoryError, show_value

Family = Literal["ocr", "interleaved", "generation", "conversation", "question"]
"""What a sample teaches: to read all text of pages; to go on with text whose spans are pages; to write pages that are
missing; to answer from a conversation with labels; to answer a question about a document."""

Role = Literal["system", "user", "assistant"]


class TrainingError(GlyphMemoryError):
    """A training cannot begin or go on; says why and what to do."""


@dataclass(frozen=True, slots=True)
class ImageSlot:
    """The place of an image among a message's texts."""

    number: int
    """Which of the sample's images, from 0; they stand in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleMessage:
    """A message of a sample."""

    role: Role
    """Who speaks."""
    parts: tuple[str | ImageSlot, ...]
    """Texts and images, in the order they are read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingSample:
    """One prompt and its right answer.

    Raises:
        TrainingError: Images and their places do not fit, or there is nothing to learn.

    Example:
        >>> sample = TrainingSample(
        ...     family="question",
        ...     prompt=(SampleMessage(role="user", parts=(ImageSlot(0), "What is the key?")),),
        ...     images=(b"a PNG file",),
        ...     answer="K-4417",
        ... )
        >>> sample.completion
        'K-4417'
        >>> sample.to_row()["prompt"][0]["content"][0]["type"]
        'image'
    """

    family: Family
    """What it teaches."""
    prompt: tuple[SampleMessage, ...]
    """What the model is given."""
    answer: str
    """What it should say; for a reward, what its answer is compared with."""
    reasoning: str = ""
    """What it should think before it answers; empty for no thinking."""
    images: tuple[bytes, ...] = field(default=(), repr=False)
    """Encoded files, mostly PNG, in the order of their slots."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What else is known, as JSON can hold it: the style, where the text is from, anchors, the right citation."""

    def __post_init__(self) -> None:
        slots = [
            part.number for message in self.prompt for part in message.parts if isinstance(part, ImageSlot)
        ]
        if slots != list(range(len(self.images))):
            raise TrainingError(
                f"a sample has {len(self.images)} images, and slots {slots}: number them from 0, in order"
            )
        if not self.answer:
            raise TrainingError("a sample without an answer teaches nothing; give answer=")
        if self.family not in get_args(Family):
            raise TrainingError(
                f"no family {show_value(self.family)}; there are {', '.join(get_args(Family))}"
            )

    @property
    def completion(self) -> str:
        """All that the model should write: its thoughts between `<think>` and `</think>`, and the answer."""
        return f"<think>{self.reasoning}</think>{self.answer}" if self.reasoning else self.answer

    @property
    def name(self) -> str:
        """A digest of all that a model sees and says; equal samples have the same one."""
        digest = hashlib.sha256()
        for message in self.prompt:
            for part in (message.role, *message.parts):
                digest.update(
                    b"\0" + (part.encode(errors="surrogatepass") if isinstance(part, str) else b"\1")
                )
        for image in self.images:
            digest.update(hashlib.sha256(image).digest())
        digest.update(b"\0" + self.completion.encode(errors="surrogatepass"))
        return digest.hexdigest()[:32]

    def to_row(self) -> dict[str, Any]:
        """Return the sample as a row that TRL's trainers take: `images`, `prompt` and `completion` as messages.

        A file stands beside its prompt as `{"bytes": …, "path": None}`, which `datasets.Image` decodes.
        """
        return {
            "id": self.name,
            "family": self.family,
            "images": [{"bytes": image, "path": None} for image in self.images],
            "prompt": [
                {"role": message.role, "content": [_spell(part) for part in message.parts]}
                for message in self.prompt
            ],
            "completion": [{"role": "assistant", "content": [{"type": "text", "text": self.completion}]}],
            "answer": self.answer,
            "reasoning": self.reasoning,
            "details": json.dumps(dict(self.details), ensure_ascii=False, sort_keys=True),
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> TrainingSample:
        """Return the sample of a row, as `to_row` made it and Parquet gave it back.

        Raises:
            TrainingError: It is no such row.
        """
        try:
            numbers = itertools.count()
            prompt = tuple(
                SampleMessage(
                    role=message["role"],
                    parts=tuple(
                        ImageSlot(next(numbers)) if part["type"] == "image" else str(part["text"])
                        for part in message["content"]
                    ),
                )
                for message in row["prompt"]
            )
            return cls(
                family=row["family"],
                prompt=prompt,
                answer=row["answer"],
                reasoning=row["reasoning"],
                images=tuple(image["bytes"] for image in row["images"]),
                details=json.loads(row["details"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise TrainingError(f"no row of a sample: {error!s:.200}; see TrainingSample.to_row") from error


def _spell(part: str | ImageSlot) -> dict[str, Any]:
    # Both keys in every part: Parquet's structs have one set of fields.
    return {"type": "text", "text": part} if isinstance(part, str) else {"type": "image", "text": None}
