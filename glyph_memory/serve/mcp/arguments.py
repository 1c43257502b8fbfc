"""What each tool takes, as models whose JSON schemas clients are shown.

Knows names, types and ranges; knows nothing about what is done with them.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from glyph_memory.errors import TurnError, show_value
from glyph_memory.transcript import Role

Style = Literal["auto", "glyph", "document", "web", "dark", "code", "pixel"]


class Arguments(BaseModel):
    """What every tool takes."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class RememberArguments(Arguments):
    """What `remember` takes."""

    text: str = Field(min_length=1, description="What was said, word for word.")
    role: Role = Field(default="user", description="Who said it.")
    name: str | None = Field(default=None, description="The speaker's or the tool's name.")
    pinned: bool = Field(
        default=False, description="Whether a model is to see it as text for good, and not only on a page."
    )
    id: str | None = Field(default=None, description="Your own identifier, so that it is stored once.")


class RecallArguments(Arguments):
    """What `recall` takes."""

    query: str = Field(description="Words to look for. Nothing in it is syntax; rare words find more.")
    k: int = Field(default=5, ge=1, le=20, description="How many passages at the most.")


class ZoomArguments(Arguments):
    """What `zoom` takes."""

    what: str = Field(description="An anchor such as '§42', or a page such as 'page 3'.")
    start: int = Field(default=0, ge=0, description="Where to go on in a long text, in characters.")


class IdentifierArguments(Arguments):
    """What `identifiers` takes."""

    like: str = Field(default="", description="A part of it, in any case; all unless given.")
    limit: int = Field(default=20, ge=1, le=100, description="How many at the most.")


class DocumentArguments(Arguments):
    """What `read_document` takes."""

    path: str | None = Field(default=None, description="A file below a folder that the server was given.")
    text: str | None = Field(default=None, description="The content itself, as text, instead of a path.")
    base64: str | None = Field(default=None, description="The content itself, as base64, instead of a path.")
    name: str = Field(default="", description="What to call content that is given; its end tells the format.")
    pages: str = Field(default="", description="Which of a PDF's own pages or slides, as '3-9,12'.")
    style: Style = Field(default="auto", description="How pages look; auto takes the fewest tokens.")
    start: int = Field(default=1, ge=1, le=100_000, description="With which page image to begin.")
    count: int = Field(default=4, ge=1, le=8, description="How many page images at the most.")


def add_session(arguments: type[Arguments], default: str) -> type[Arguments]:
    """Return what a tool takes, and a session's name."""
    field = Field(default=default, description="Which session; glyph://sessions lists them.")
    made: type[Arguments] = create_model(
        arguments.__name__, __base__=arguments, __doc__=arguments.__doc__, session=(str, field)
    )
    return made


def read_arguments(arguments: type[Arguments], given: object) -> Arguments:
    """Return a tool's arguments.

    Raises:
        TurnError: They are not what it takes; in one line, without what was given.
    """
    try:
        return arguments.model_validate(given)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'arguments'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        )
    except UnicodeError:  # half a character in a key
        faults = "an argument's name is no text"
    raise TurnError(
        f"these arguments are not taken: {faults}; it takes {show_value([*arguments.model_fields])}"
    )
