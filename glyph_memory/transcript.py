"""What was said: turns and transcripts, as immutable values.

Knows nothing about how any of it looks or what it costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, overload

Role = Literal["system", "user", "assistant", "tool"]
"""Who said a turn."""
DAMAGE_MARK = '{"glyph_memory": "damaged"'
"""How the origin of a turn begins that its database could not return whole."""
HIGHEST_ANCHOR = 2**53
"""No session comes to a higher one by itself, and an import keeps none above: the next turn could get none."""
_LONGEST = 80
"""Characters of an attachment's label, but for the sign of the cut."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCall:
    """A tool that an assistant's turn asks for."""

    name: str
    """The tool's name."""
    arguments: str
    """Its arguments exactly as the model wrote them, usually JSON."""
    id: str = ""
    """What the answering `tool` turn refers to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """Something that came with a turn and cannot be drawn: a PDF, audio, video, a file's id, a picture by its address.

    Example:
        >>> Attachment(block='{"type": "file", "file": {"file_id": "file-7"}}', name="contract.pdf").name
        'contract.pdf'
    """

    block: str
    """The content block as it came, as JSON, in the words of whoever gave it."""
    name: str = ""
    """What to call it: its file name, or its address."""
    media_type: str = ""
    """Its MIME type, where it is known."""

    @property
    def label(self) -> str:
        """What to call it in a line: its name, else its MIME type; on one line, and a long one cut in the middle."""
        called = " ".join("".join(map(_space_out, self.name)).split()) or self.media_type or "a file"
        return called if len(called) <= _LONGEST else f"{called[: _LONGEST // 2]}…{called[-_LONGEST // 2 :]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One message of a conversation.

    Example:
        >>> Turn(role="user", text="Where did we deploy?").role
        'user'
    """

    role: Role
    """Who spoke."""
    text: str = ""
    """What was said, verbatim."""
    name: str | None = None
    """The speaker's or the tool's name, where one was given."""
    tool_calls: tuple[ToolCall, ...] = ()
    """Tools an assistant's turn asks for."""
    tool_call_id: str | None = None
    """On a `tool` turn: which call it answers."""
    images: tuple[bytes, ...] = ()
    """Pictures that came with the turn, as encoded files (PNG, JPEG, …)."""
    attachments: tuple[Attachment, ...] = ()
    """What else came with it, and cannot be drawn."""
    time: datetime | None = None
    """When it was said."""
    id: str | None = None
    """The caller's own identifier."""
    pinned: bool = False
    """Whether the turn is to stay readable as text for good."""
    anchor: int | None = None
    """The number it is cited by, `§42`; a memory gives it, once, and never to another turn of the session."""
    origin: str = ""
    """What the caller needs to have its own message back, such as a framework's message as JSON. A memory keeps it
    with the turn; nobody is shown it, no search finds it."""

    @property
    def full_text(self) -> str:
        """All that the turn says: its text, then the tools that it calls, one line each."""
        calls = (f"{call.name} {call.arguments}" for call in self.tool_calls)
        return "\n".join([*([self.text] if self.text else []), *calls])

    @property
    def is_damaged(self) -> bool:
        """Whether its database could not return it whole; where words are missing, its text says so."""
        return self.origin.startswith(DAMAGE_MARK)

    @property
    def beside(self) -> tuple[str, ...]:
        """What came beside the words, a remark for each kind.

        Example:
            >>> contract = Attachment(block='{"type": "file"}', name="contract.pdf")
            >>> Turn(role="user", images=(b"png", b"png"), attachments=(contract,)).beside
            ('[2 pictures]', '[1 attachment: contract.pdf]')
        """
        remarks = []
        if count := len(self.images):
            remarks.append(f"[{count} picture{'s' * (count > 1)}]")
        if count := len(self.attachments):
            named = ", ".join(attachment.label for attachment in self.attachments)
            remarks.append(f"[{count} attachment{'s' * (count > 1)}: {named}]")
        return tuple(remarks)


@dataclass(frozen=True, slots=True)
class Transcript:
    """An immutable, ordered run of turns.

    Example:
        >>> talk = Transcript((Turn(role="user", text="hi"), Turn(role="assistant", text="hello")))
        >>> len(talk), talk[-1].text
        (2, 'hello')
    """

    turns: tuple[Turn, ...] = ()
    """The turns, oldest first."""

    def __len__(self) -> int:
        return len(self.turns)

    def __iter__(self) -> Iterator[Turn]:
        return iter(self.turns)

    @overload
    def __getitem__(self, index: int) -> Turn: ...
    @overload
    def __getitem__(self, index: slice) -> Transcript: ...
    def __getitem__(self, index: int | slice) -> Turn | Transcript:
        """Return one turn, or a transcript of a run of them."""
        return Transcript(self.turns[index]) if isinstance(index, slice) else self.turns[index]


def _space_out(character: str) -> str:
    return character if character.isprintable() else " "
