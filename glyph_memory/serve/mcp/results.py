"""What each tool returns beside its text, as models whose JSON schemas clients are shown.

Knows names and types; knows nothing about how they are found.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from glyph_memory.transcript import Role


class Remembered(BaseModel):
    """A turn that is stored."""

    anchor: int = Field(description="Its number, for citing it as §42.")


class FoundPassage(BaseModel):
    """Something that was said."""

    anchor: int = Field(description="The turn's number.")
    role: Role = Field(description="Who said it.")
    name: str | None = Field(description="The speaker's or the tool's name.")
    time: str | None = Field(description="When it was said, as ISO 8601.")
    place: Literal["head", "text", "page", "evicted"] = Field(
        description="Where a model sees it: in the head, as text, on a page, or no longer."
    )
    page: int | None = Field(description="On which page it begins.")
    start: int = Field(description="Where the passage begins in the turn, in characters.")
    length: int = Field(description="How long the whole turn is, in characters.")
    text: str = Field(description="The passage, with special tokens of models broken.")


class Found(BaseModel):
    """What a search found."""

    passages: list[FoundPassage] = Field(description="Best first.")


class ReadTurn(BaseModel):
    """A turn, or a piece of it."""

    anchor: int = Field(description="Its number.")
    role: Role = Field(description="Who said it.")
    name: str | None = Field(description="The speaker's or the tool's name.")
    start: int = Field(description="Where the piece begins in the turn, in characters.")
    text: str = Field(description="The piece, with special tokens of models broken.")


class Read(BaseModel):
    """What a turn or a page says."""

    turns: list[ReadTurn] = Field(description="In order.")
    length: int = Field(description="Of all that was asked for, in characters.")
    next_start: int | None = Field(description="Where to go on; null where nothing is left.")


class FoundIdentifier(BaseModel):
    """An identifier that was said."""

    text: str = Field(description="As it was spelled, with special tokens of models broken.")
    kind: str = Field(description="What it looks like: a path, a number, a hash.")
    count: int = Field(description="How often it was said.")
    anchors: list[int] = Field(description="The turns that hold it, the latest 20 of them, oldest first.")


class FoundIdentifiers(BaseModel):
    """Identifiers that were said."""

    identifiers: list[FoundIdentifier] = Field(description="The one that was said last comes first.")
