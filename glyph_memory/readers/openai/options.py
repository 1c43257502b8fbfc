"""Check a reader's options when they are given, rather than when a request fails by them.

Knows what JSON, sockets and servers take; an address, a key and headers are checked in `endpoint`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import get_args

from glyph_memory.checks import check_number, check_text, check_whole
from glyph_memory.errors import ReaderRefused, show_value
from glyph_memory.readers.openai.request import ImageUuids

_MOST_RETRIES = 1_000
_LONGEST_BACKOFF_S = 3_600.0
_HOTTEST = 1_000.0
_LARGEST_SEED = (1 << 64) - 1


def copy_fields(extra_body: object) -> dict[str, object] | str:
    """Return a copy of further fields of a request, or what is wrong with them, without their values.

    Raise nothing: a frame that raises shows what it was given.
    """
    if extra_body is None:
        return {}
    if not isinstance(extra_body, Mapping) or not all(isinstance(name, str) for name in extra_body):
        return f"extra_body is of type {type(extra_body).__name__}. Give a dictionary with str as names"
    for name, value in extra_body.items():
        try:
            json.dumps({name: value}, ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            fault = type(error).__name__
            return (
                f"extra_body has {show_value(name)}, which cannot be written as JSON ({fault}). "
                "Give str, int, float, bool, None, and lists and dictionaries of them"
            )
    return dict(json.loads(json.dumps(dict(extra_body))))


def check_options(
    *,
    fields: dict[str, object] | str,
    model: object,
    max_tokens: object,
    temperature: object,
    seed: object,
    special_tokens: Sequence[str],
    image_uuids: object,
    max_images: object,
    max_request_bytes: object,
    retries: object,
    backoff_s: object,
) -> None:
    """Raise an error for an option that cannot work.

    Raises:
        ReaderRefused: One cannot; the message names it, its value and what is right.
    """
    if isinstance(fields, str):
        raise ReaderRefused(fields)
    refused = ReaderRefused
    check_text("model", model, refused, or_none=True)
    check_whole("max_tokens", max_tokens, refused, at_least=1, or_none=True)
    check_number("temperature", temperature, refused, at_most=_HOTTEST, or_none=True)
    check_whole("seed", seed, refused, at_least=-_LARGEST_SEED, at_most=_LARGEST_SEED, or_none=True)
    if isinstance(special_tokens, str) or not _is_texts(special_tokens):
        raise refused(f"special_tokens={show_value(special_tokens)} cannot be used. Give a list of str")
    if image_uuids not in get_args(ImageUuids):
        raise refused(f"image_uuids={show_value(image_uuids)} is none of {', '.join(get_args(ImageUuids))}")
    check_whole("max_images", max_images, refused, or_none=True)
    check_whole("max_request_bytes", max_request_bytes, refused, or_none=True)
    check_whole("retries", retries, refused, at_most=_MOST_RETRIES)
    check_number("backoff_s", backoff_s, refused, at_most=_LONGEST_BACKOFF_S)


def _is_texts(given: object) -> bool:
    return isinstance(given, Sequence) and all(isinstance(text, str) for text in given)
