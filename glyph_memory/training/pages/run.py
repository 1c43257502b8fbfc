"""Make page data into a folder: shards in several processes, resumed where they were left.

Knows texts, recipes, shards and processes; knows nothing about terminals.
"""

from __future__ import annotations

import hashlib
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from glyph_memory.checks import check_whole
from glyph_memory.documents.bulk.lock import hold_folder
from glyph_memory.documents.bulk.pool import run_jobs
from glyph_memory.errors import GlyphMemoryError
from glyph_memory.training.pages.job import ShardJob, write_shard
from glyph_memory.training.pages.keep_out import WORDS, KeepOut
from glyph_memory.training.pages.keep_out_names import LEGIBILITY, read_keep_out
from glyph_memory.training.pages.manifest import FINISHED, MANIFEST, FinishedShard, Manifest
from glyph_memory.training.pages.recipe import PageRecipe, cut_spans
from glyph_memory.training.pages.report import PageDataReport
from glyph_memory.training.pages.settings import list_settings
from glyph_memory.training.pages.shards import SUFFIXES, ShardFormat, check_format
from glyph_memory.training.pages.sources import (
    SourceFaults,
    TextPiece,
    find_texts,
    list_left_out,
    read_strings,
    read_texts,
)
from glyph_memory.training.pages.spans import TextSpan
from glyph_memory.training.samples import TrainingError

_LEAST_CHARACTERS = 200
"""Of all texts together: fewer make no page worth reading."""


def write_page_data(
    folder: str | Path,
    *,
    samples: int,
    recipe: PageRecipe | None = None,
    texts: Sequence[str | Path] = (),
    strings: Iterable[str] | None = None,
    text_field: str = "text",
    passes: int = 1,
    shard_format: ShardFormat = "parquet",
    shard_samples: int = 512,
    workers: int = 0,
    keep_out: Sequence[str] = (LEGIBILITY,),
    keep_out_words: int = WORDS,
    progress: Callable[[PageDataReport], object] | None = None,
) -> PageDataReport:
    """Write samples into a folder, as shards; the same call goes on where it was stopped or killed.

    Sample number n depends on the seed, n and the texts before it alone, so that shards are the same however many
    workers write them.

    Args:
        folder: Empty, not there yet, or that of a run with the same settings.
        samples: How many; fewer where the texts end before.
        recipe: What is made.
        texts: Files, folders and patterns of plain text, JSON lines and Parquet; made up ones unless given.
        strings: Texts of a program, in place of `texts`; the same ones in the same order where the run goes on.
        text_field: Under which name rows have their text.
        passes: How often the texts are gone through, each time cut and drawn in another way.
        shard_format: Parquet, or a tar as WebDataset has it.
        shard_samples: How many samples a shard has.
        workers: How many processes write; 0 for this one alone.
        keep_out: Texts that no sample may share phrases with: files, tasks of the evaluation, `tasks`, `legibility`.
        keep_out_words: How many words in a row are a phrase.
        progress: Called when a shard is done.

    Raises:
        TrainingError: A setting is out of range or another one than before, there is no text, a shard cannot be
            written, or a worker was killed twice over the same shard.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> recipe = PageRecipe(families={"ocr": 1}, pages_per_sample=1)
        >>> report = write_page_data(folder, samples=2, recipe=recipe, keep_out=())
        >>> report.samples, report.shards, write_page_data(folder, samples=2, recipe=recipe, keep_out=()).resumed
        (2, 1, 1)
    """
    for name, value in (("samples", samples), ("shard_samples", shard_samples), ("passes", passes)):
        check_whole(name, value, TrainingError, at_least=1)
    check_whole("workers", workers, TrainingError, at_most=1_024)
    check_format(shard_format)
    if texts and strings is not None:
        raise TrainingError("give texts or strings, not both")
    recipe, path = recipe or PageRecipe(), Path(folder)
    files = find_texts(texts, out=path) if texts else []
    barred = read_keep_out(keep_out, words=keep_out_words)
    given = {
        "text_field": text_field, "passes": passes, "shard_format": shard_format, "shard_samples": shard_samples,
        "keep_out": list(keep_out), "keep_out_words": keep_out_words,
    }  # fmt: skip
    settings = list_settings(
        recipe, files=files, are_strings=strings is not None, keep_out=barred, others=given
    )
    with _translate_errors(), hold_folder(path, (MANIFEST, FINISHED)):
        run = _Run(path, Manifest(path, settings), samples, recipe, barred)
        run.plan = _ShardPlan(shard_format, shard_samples)
        for source, reason in list_left_out(texts, out=path).items():
            run.faults.tell(source, reason)
        if progress is not None:  # what is there already, before texts are gone through again
            progress(run.report())
        pieces = _read(files, strings, text_field, passes, run.faults)
        for batch in run_jobs(write_shard, run.plan_jobs(pieces), processes=workers):
            for job, shard in batch:
                run.take(job, shard)
            if progress is not None:
                progress(run.report())
        return run.finish()


@dataclass(frozen=True, slots=True)
class _ShardPlan:
    shard_format: ShardFormat
    shard_samples: int


class _Run:
    """What is known while shards are written."""

    plan: _ShardPlan

    def __init__(
        self, folder: Path, manifest: Manifest, samples: int, recipe: PageRecipe, keep_out: KeepOut
    ) -> None:
        self._folder, self._manifest, self._samples = folder, manifest, samples
        self._recipe, self._keep_out = recipe, keep_out
        self._begun, self._lost, self._resumed = time.monotonic(), list[str](), 0
        self.faults, self._left_out = SourceFaults(), Counter[str]()
        had = sum(shard.samples for shard in manifest.finished.values())
        if had > samples:
            raise TrainingError(
                f"{str(folder)!r} holds {had:,} samples, more than the {samples:,} that are asked for; ask for that "
                "many or more, or give an empty folder"
            )

    def plan_jobs(self, pieces: Iterator[TextPiece] | None) -> Iterator[ShardJob]:
        """Yield the shards that are not finished, reading texts as far as they are needed."""
        spans = None if pieces is None else cut_spans(self._recipe, pieces, self._keep_out, self._left_out)
        size = self.plan.shard_samples
        for number, first in enumerate(range(0, self._samples, size)):
            wanted = min(size, self._samples - first)
            taken = None if spans is None else tuple(itertools.islice(spans, wanted))
            count = wanted if taken is None else len(taken)
            if count < wanted:
                self._refuse_fewer(number, count)
            if not count:
                break
            if taken is not None and first == 0 and count < wanted:
                _refuse_tiny(taken)
            job = ShardJob(
                number=number,
                folder=self._folder,
                file=f"train-{number:06}{SUFFIXES[self.plan.shard_format]}",
                first=first,
                count=count,
                spans=taken,
                texts=_digest(taken),
                recipe=self._recipe,
                keep_out=self._keep_out,
                shard_format=self.plan.shard_format,
            )
            if not self._is_finished(job):
                yield job
        if not first and not count:
            raise TrainingError(self._tell_nothing())

    def _is_finished(self, job: ShardJob) -> bool:
        shard = self._manifest.finished.get(job.number)
        if shard is None or shard.samples != job.count:
            return False  # the last one of fewer samples is made again with more
        if shard.texts != job.texts:
            raise TrainingError(_tell_other_texts(self._folder / job.file))
        self._resumed += 1
        return True

    def _refuse_fewer(self, number: int, count: int) -> None:
        """Raise an error where texts end with a shard, and more of them were used before."""
        for shard in self._manifest.finished.values():
            if shard.number > number or (shard.number == number and shard.samples > count):
                raise TrainingError(_tell_other_texts(self._folder / shard.file))

    def _tell_nothing(self) -> str:
        reasons = [f"{source}: {reason}" for source, reason in self.faults.reasons.items()]
        reasons += [f"all is kept out for {name}" for name in self._left_out]
        return f"there is no text to make samples of{'; ' + '; '.join(reasons[:3]) if reasons else ''}; give others"

    def take(self, job: ShardJob, shard: FinishedShard | None) -> None:
        """Note that a shard is written, or that its process was killed."""
        if shard is None:
            self._lost.append(job.file)
        else:
            self._manifest.finish_shard(shard)

    def report(self) -> PageDataReport:
        """Return what there is so far."""
        sums = self._manifest.sum_up()
        return PageDataReport(
            folder=self._folder,
            wanted=self._samples,
            resumed=self._resumed,
            seconds=time.monotonic() - self._begun,
            left_out=dict(self._left_out),
            unread=dict(self.faults.reasons),
            **sums,
        )

    def finish(self) -> PageDataReport:
        """Write the manifest with the sums of all shards; return them."""
        if self._lost:
            raise TrainingError(
                f"{', '.join(self._lost[:3])} could not be made: the process was killed twice, for want of memory most "
                "likely; take fewer workers or smaller shards, and the same folder: finished shards stay"
            )
        report = self.report()
        self._manifest.finish({"left_out": dict(report.left_out), "unread": dict(report.unread)})
        return report


def _tell_other_texts(path: Path) -> str:
    return (
        f"the texts of {str(path)!r} are not what they were when it was made; give the same ones to go on, or an empty "
        "folder"
    )


def _refuse_tiny(spans: Sequence[TextSpan]) -> None:
    characters = sum(len(span.text) for span in spans)
    if characters < _LEAST_CHARACTERS:
        raise TrainingError(
            f"the texts have {characters} characters, too few to teach anything; give {_LEAST_CHARACTERS} or more"
        )


def _digest(spans: Sequence[TextSpan] | None) -> str:
    if spans is None:
        return "made up"
    digest = hashlib.sha256()
    for span in spans:
        digest.update(span.text.encode() + b"\0")
    return digest.hexdigest()[:32]


def _read(
    files: Sequence[Path],
    strings: Iterable[str] | None,
    text_field: str,
    passes: int,
    faults: SourceFaults,
) -> Iterator[TextPiece] | None:
    """Return the pieces of all texts, as often as they are gone through; None where there are none."""
    if strings is not None:
        if passes > 1 and not isinstance(strings, Sequence):
            raise TrainingError("an iterator can be gone through once; give a list, or passes=1")
        again = (read_strings(strings, faults) for _ in range(passes))
    elif files:
        again = (read_texts(files, text_field=text_field, faults=faults) for _ in range(passes))
    else:
        return None
    return itertools.chain.from_iterable(again)


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except TrainingError:
        raise
    except GlyphMemoryError as error:  # of the folder's lock, and of the processes
        raise TrainingError(str(error).replace("jobs=0", "workers=0")) from error
