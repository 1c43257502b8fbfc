"""The rows of answers: one for each request, whether it was answered or not.

Knows columns; asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from glyph_memory.context.windows_wording import says_nothing
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.tables import load_arrow
from glyph_memory.errors import GlyphMemoryError
from glyph_memory.readers import Reading

ANSWERS = "answers"
"""The folder of answers in an output folder."""
Row = dict[str, Any]
"""What is told of an answer."""
_TEXTS = (
    "document", "question", "answer", "reasoning", "finish_reason", "error", "model", "first_place", "last_place",
)  # fmt: skip
_NUMBERS = (
    "part", "parts", "first_page", "last_page", "prompt_tokens", "completion_tokens", "cached_tokens",
    "counted_tokens",
)  # fmt: skip
_FLAGS = ("is_whole", "found", "is_cut_off", "reused")
_KEYS = ("key", "unit", "settings")


def read_answer(asked: Mapping[str, Any], reading: Reading, model: str | None) -> Row:
    """Return the row of a request that was answered.

    Args:
        asked: What `AskRequest.describe` returns.
        reading: The answer.
        model: The model's name, where the server does not say.
    """
    usage = reading.usage
    return {
        **asked,
        "answer": reading.text,
        "reasoning": reading.reasoning,
        "finish_reason": reading.finish_reason,
        "model": reading.model or model,
        "found": bool(reading.text.strip()) if asked["is_whole"] else not says_nothing(reading.text),
        "is_cut_off": reading.is_cut_off,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
    }


def make_schema() -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the columns of an answer."""
    arrow, _ = load_arrow()
    columns = [
        *((name, arrow.string()) for name in _TEXTS),
        ("pages", arrow.list_(arrow.string())),
        *((name, arrow.int64()) for name in _NUMBERS),
        *((name, arrow.bool_()) for name in _FLAGS),
        *((name, arrow.string()) for name in _KEYS),
    ]
    return arrow.schema(columns)


def encode_answers(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return rows as a Parquet file."""
    arrow, parquet = load_arrow()
    empty = {"error": "", "found": False, "is_cut_off": False, "reused": False}
    sink = arrow.BufferOutputStream()
    cleaned = [
        {**empty, **row, **{name: _clean(row[name]) for name in _TEXTS if row.get(name)}} for row in rows
    ]
    table = arrow.Table.from_pylist(cleaned, schema=make_schema())
    parquet.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def read_answers(storage: Storage, shard: str, columns: Sequence[str] | None = None) -> list[Row]:
    """Return the rows of a file of answers.

    Raises:
        GlyphMemoryError: It is damaged, or cannot be read.
    """
    _, parquet = load_arrow()
    name = f"{ANSWERS}/{shard}.parquet"
    with storage.open_file(name) as file:
        try:
            rows: list[Row] = parquet.ParquetFile(file).read(columns=columns and list(columns)).to_pylist()
        except ValueError as error:  # pyarrow's own are of these
            raise GlyphMemoryError(
                f"{storage.shown + '/' + name!r} is damaged; remove it, and what stood in it is asked again"
            ) from error
    return rows


def _clean(text: str) -> str:
    """Return a text that a table takes: halves of surrogate pairs become U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
