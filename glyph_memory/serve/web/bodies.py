"""Bodies that the web page sends, as FastAPI reads them.

Knows names, kinds and ranges; what cannot be drawn a style knows.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

LARGEST_TEXT = 20_000_000
"""Characters of a document; more than any model reads."""
LARGEST_MESSAGE = 1_000_000
"""Characters of a message or a question."""

Words = Annotated[str, Field(max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Look(_Body):
    """How pages look; what is left out is as the preset has it."""

    preset: Words = "auto"
    """A preset's name."""
    font_pt: Annotated[float | None, Field(ge=4, le=72)] = None
    """Size of the letters."""
    line_height_pt: Annotated[float | None, Field(ge=4, le=144)] = None
    """From line to line; grows with the letters unless given."""
    dpi: Annotated[float | None, Field(ge=36, le=300)] = None
    """Pixels an inch."""
    columns: Annotated[int | None, Field(ge=1, le=6)] = None
    """Columns of text."""
    dense: bool = False
    """Whether line breaks are marks."""
    syntax_colors: bool = True
    """Whether code is coloured."""
    dark: bool = False
    """Whether letters are light on a dark page."""
    page_width_pt: Annotated[float | None, Field(ge=100, le=2000)] = None
    """Width of a page."""
    page_height_pt: Annotated[float | None, Field(ge=100, le=2000)] = None
    """Height of a page."""


class PastedText(_Body):
    """A document as text."""

    text: Annotated[str, Field(max_length=LARGEST_TEXT)]
    """All of it."""
    name: Words = ""
    """What to call it; its end tells the format, as `notes.md`."""


class PagesAsked(_Body):
    """Which pages are to be drawn."""

    look: Look = Look()
    """How they look."""
    profile: Words | None = None
    """The model that will read, by the name of its profile; the default one unless given."""


class Sampling(_Body):
    """How an answer is written."""

    model: Words | None = None
    """Who answers, as `/status` lists it; `nano` for the nano reader; the first model unless given."""
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    """0 unless given."""
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    """Left to the server unless given."""
    max_tokens: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    """Most tokens to write; left to the server unless given."""


class QuestionAsked(Sampling):
    """A question about a document."""

    question: Annotated[str, Field(min_length=1, max_length=LARGEST_MESSAGE)]
    """The question."""
    look: Look = Look()
    """How the pages look that are read."""
    profile: Words | None = None
    """As for pages; the model's own unless given."""


class ChatNamed(_Body):
    """A chat that is begun."""

    name: Words | None = None
    """What to call it; a name is found unless given."""


class MessageSent(Sampling):
    """A message of a chat."""

    text: Annotated[str, Field(min_length=1, max_length=LARGEST_MESSAGE)]
    """What is said."""
