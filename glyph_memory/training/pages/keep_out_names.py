"""Read the texts that are to be kept out, by name: files of text or rows, and tasks of the evaluation.

Knows files and tasks; knows nothing about phrases. Of rows every string counts, whatever its field is called.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from glyph_memory.errors import GlyphMemoryError, show_value
from glyph_memory.files import is_file, read_file
from glyph_memory.training.pages.keep_out import WORDS, KeepOut
from glyph_memory.training.samples import TrainingError

LEGIBILITY, ALL_TASKS = "legibility", "tasks"
"""Names for the texts that `glyph-memory legibility` measures on, and for the made tasks of `glyph-memory evaluate`."""
_SAMPLES, _TOKENS = 10, 4_000
"""Of a made task, which has no end."""
_TOKENS_AT_MOST = 1 << 40
"""Of a benchmark: all of its samples, however long."""
_BYTES_AT_MOST = 1 << 30


def read_keep_out(names: Iterable[str], *, words: int = WORDS) -> KeepOut:
    """Return the phrases of texts to keep out.

    Args:
        names: Files of text, JSON, JSON lines and Parquet, of whose rows every string counts; names of tasks of
            `glyph-memory evaluate`, also with a benchmark's file, as in `longbench:data.zip`; `tasks` for all that are
            made; `legibility`.
        words: How many words in a row are a phrase.

    Raises:
        TrainingError: A name is none of these, cannot be read, or has too few words for a phrase.
    """
    from glyph_memory.evaluate import make_texts  # noqa: PLC0415 - slow, and processes that draw do without
    from glyph_memory.evaluate.tasks import TASKS  # noqa: PLC0415 - as above

    texts: dict[str, Iterable[str]] = {}
    for name in names:
        if is_file(name):
            texts[name] = _read_file(Path(name))
        elif name == LEGIBILITY:
            texts[name] = list(make_texts().values())
        else:
            for task in TASKS if name == ALL_TASKS else (name,):
                texts[task] = _read_task(task)
    return KeepOut.of(texts, words=words)


def _read_file(path: Path) -> Iterator[str]:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        yield from _read_parquet(path)
        return
    try:
        text = read_file(path, at_most=_BYTES_AT_MOST).decode("utf-8-sig", "replace")
    except OSError as error:
        raise TrainingError(_tell_unread(path, error.strerror or error)) from error
    rows = text.split("\n") if suffix == ".jsonl" else [text]
    for row in rows:
        if suffix in (".json", ".jsonl"):
            # Escapes, such as those of line ends and ideographs, would hide the words.
            try:
                yield "\n".join(_list_strings(json.loads(row)))
                continue
            except (ValueError, RecursionError):
                pass
        yield row


def _read_parquet(path: Path) -> Iterator[str]:
    try:
        import pyarrow as arrow  # noqa: PLC0415 - of the extra, and slow
        from pyarrow import parquet  # noqa: PLC0415 - as above
    except ImportError as error:
        raise TrainingError(
            f"{str(path)!r} needs pyarrow; install it: pip install 'glyph-memory[train]'"
        ) from error
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=64):
                for row in batch.to_pylist():
                    yield "\n".join(_list_strings(row))
    except (arrow.ArrowException, OSError) as error:
        raise TrainingError(_tell_unread(path, error)) from error


def _list_strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _list_strings(inner)


def _tell_unread(path: Path, reason: object) -> str:
    return (
        f"cannot read {str(path)!r}, which is to be kept out: {reason!s:.200}; give another file, or mend it"
    )


def _read_task(name: str) -> Iterator[str]:
    from glyph_memory.evaluate.tasks import find_task  # noqa: PLC0415 - as above

    is_benchmark = ":" in name
    try:
        task = find_task(name)
        tokens = _TOKENS_AT_MOST if is_benchmark else _TOKENS
        samples = task.samples(tokens=tokens, seed=0, count=lambda text: len(text) // 4)
        for sample in samples if is_benchmark else islice(samples, _SAMPLES):
            turns = (turn.text for turn in sample.turns)
            yield "\n".join([sample.document, *turns, sample.question, *sample.answers])
    except GlyphMemoryError as error:
        raise TrainingError(
            f"{show_value(name)} cannot be kept out: {error}. Give files, tasks of glyph-memory evaluate, "
            f"{ALL_TASKS!r} or {LEGIBILITY!r}"
        ) from error
