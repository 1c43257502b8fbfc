"""Check every field of a turn before anything is done with it, and put right what can only mean one thing.

A turn that is right costs a microsecond.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast, get_args

from glyph_memory.errors import TurnError
from glyph_memory.messages.blocks import read_content
from glyph_memory.messages.calls import read_calls
from glyph_memory.messages.roles import read_role
from glyph_memory.messages.values import Fields, dump_json, show, to_fields
from glyph_memory.transcript import Attachment, Role, ToolCall, Turn

_ROLES = frozenset(get_args(Role))
_LONGEST_TIME = 40
"""Characters that a store has room for: all but those of a time zone with fractions of a second."""
_OPTIONAL = ("name", "tool_call_id", "id")


def check_turn(turn: object) -> Turn:
    """Return a turn whose fields all have their types.

    Arguments of calls that are dictionaries become JSON, lists become tuples, a time in ISO 8601 or in seconds since
    1970 becomes a `datetime`.

    Raises:
        TurnError: A field cannot be what it should; the message names it.
    """
    if not isinstance(turn, Turn):
        raise TurnError(f'no turn is {show(turn)}; give Turn(role="user", text=…)')
    if _is_right(turn):
        return turn
    calls, images = read_calls(turn.tool_calls), _read_images(turn.images)
    attachments = _read_attachments(turn.attachments)
    has_more = bool(calls or images or attachments)
    return replace(
        turn,
        role=read_role(turn.role),
        text=_read_text(turn.text, has_more=has_more),
        name=_read_optional("name", turn.name),
        tool_calls=calls,
        tool_call_id=_read_optional("tool_call_id", turn.tool_call_id),
        images=images,
        attachments=attachments,
        time=read_time(turn.time),
        id=_read_optional("id", turn.id) or None,  # an empty one names nothing
        pinned=_read_flag(turn.pinned),
        anchor=_read_anchor(turn.anchor),
        origin=_read_optional("origin", turn.origin) or "",
    )


def read_time(given: object) -> datetime | None:
    """Return a time from a `datetime`, from ISO 8601, or from seconds since 1970.

    Raises:
        TurnError: It is none of them.
    """
    if given is None:
        return None
    with suppress(ValueError, OverflowError, OSError, TypeError, AttributeError):
        if isinstance(given, str):
            return _check_written(datetime.fromisoformat(given))
        if isinstance(given, datetime):
            return _check_written(given)
        if isinstance(given, int | float) and not isinstance(given, bool):
            return datetime.fromtimestamp(given, UTC)
    raise TurnError(
        f'time is {show(given)}; give a datetime, ISO 8601 such as "2025-03-03T09:30:00+00:00", or seconds since 1970'
    )


def _check_written(time: datetime) -> datetime:
    """Return a time if it can be written as ISO 8601, read again, and stored.

    Raises:
        ValueError: It cannot, as where a time zone lies millionths of a second from UTC.
    """
    written = time.isoformat()
    datetime.fromisoformat(written)
    if len(written) > _LONGEST_TIME:
        raise ValueError("too long")
    return time


def _is_right(turn: Turn) -> bool:
    """Return whether nothing has to be put right: most turns that ever come."""
    return (
        type(cast("object", turn.role)) is str  # an enum's member would be spelled otherwise
        and turn.role in _ROLES
        and type(turn.text) is str
        and (turn.id is None or (type(turn.id) is str and turn.id != ""))
        and (turn.name is None or type(turn.name) is str)
        and (turn.tool_call_id is None or type(turn.tool_call_id) is str)
        and (turn.time is None or (type(turn.time) is datetime and turn.time.tzinfo in (None, UTC)))
        and type(turn.pinned) is bool
        and (turn.anchor is None or type(turn.anchor) is int)
        and type(turn.origin) is str
        and type(turn.tool_calls) is tuple
        and type(turn.images) is tuple
        and type(turn.attachments) is tuple
        and all(map(_is_right_call, turn.tool_calls))
        and all(type(image) is bytes for image in turn.images)
        and all(map(_is_right_attachment, turn.attachments))
    )


def _is_right_call(call: ToolCall) -> bool:
    return type(call) is ToolCall and type(call.name) is type(call.arguments) is type(call.id) is str


def _is_right_attachment(one: Attachment) -> bool:
    if type(one) is not Attachment or not type(one.block) is type(one.name) is type(one.media_type) is str:
        return False
    try:
        return isinstance(json.loads(one.block), dict)
    except (ValueError, RecursionError):
        return False


def _read_text(given: object, *, has_more: bool) -> str:
    if isinstance(given, str):
        return str.__str__(given)
    if given is None and has_more:
        return ""
    if given is None:
        raise TurnError('text is None and nothing else is there; give a text, "" if nothing was said')
    advice = ": data.decode()" if isinstance(given, bytes | bytearray) else ""
    advice = ": add(role, blocks) takes blocks of content" if isinstance(given, list | tuple) else advice
    raise TurnError(f"text is {show(given)}; give a string{advice}")


def _read_optional(field: str, given: object) -> str | None:
    if given is None or isinstance(given, str):
        return None if given is None else str.__str__(given)
    raise TurnError(f"{field} is {show(given)}; give a string, or leave it out")


def _read_images(given: object) -> tuple[bytes, ...]:
    if given is None:
        return ()
    if isinstance(given, bytes | bytearray | memoryview | str) or not isinstance(given, Iterable):
        raise TurnError(f'images is {show(given)}; give a list of files: [Path("chart.png").read_bytes()]')
    images = tuple(given)
    for image in images:
        if not isinstance(image, bytes | bytearray | memoryview):
            raise TurnError(
                f'images holds {show(image)}; give the file\'s bytes: Path("chart.png").read_bytes()'
            )
    return tuple(map(bytes, images))


def _read_attachments(given: object) -> tuple[Attachment, ...]:
    if given is None:
        return ()
    if isinstance(given, Attachment | str | bytes) or not isinstance(given, Iterable) or to_fields(given):
        raise TurnError(f'attachments is {show(given)}; give a list: [Attachment(block=…, name="x.pdf")]')
    return tuple(map(_read_attachment, given))


def _read_attachment(given: object) -> Attachment:
    if isinstance(given, Attachment):
        fields: Fields = {"block": given.block, "name": given.name, "media_type": given.media_type}
    else:
        fields = to_fields(given) or {}
        if fields and "block" not in fields:  # the block itself
            found = [piece for piece in read_content([fields]) if isinstance(piece, Attachment)]
            return found[0] if found else Attachment(block=dump_json(fields, "a block"))
    block, name, media_type = (fields.get(key) for key in ("block", "name", "media_type"))
    attachment = Attachment(
        block=block if isinstance(block, str) else dump_json(block, "an attachment's block"),
        name=_read_optional("an attachment's name", name) or "",
        media_type=_read_optional("an attachment's media_type", media_type) or "",
    )
    if not _is_right_attachment(attachment):
        raise TurnError(
            f'attachments holds {show(given)}; give Attachment(block=…, name="x.pdf") with a content block as JSON'
        )
    return attachment


def _read_flag(given: object) -> bool:
    if isinstance(given, bool) or (isinstance(given, int) and given in (0, 1)):
        return bool(given)
    raise TurnError(f"pinned is {show(given)}; give True or False")


def _read_anchor(given: object) -> int | None:
    if given is None or (isinstance(given, int) and not isinstance(given, bool)):
        return None if given is None else int(given)
    raise TurnError(f"anchor is {show(given)}; give an integer, or leave it out: a memory gives turns theirs")
