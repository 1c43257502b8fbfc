"""Yield samples one after another, without any file. Knows texts and recipes; knows nothing about shards."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator

from glyph_memory.training.pages.keep_out import KeepOut
from glyph_memory.training.pages.recipe import PageRecipe, cut_spans
from glyph_memory.training.pages.sources import SourceFaults, read_strings
from glyph_memory.training.samples import TrainingSample


def iter_samples(
    texts: Iterable[str] | None = None, *, recipe: PageRecipe, keep_out: KeepOut | None = None
) -> Iterator[TrainingSample]:
    r"""Yield samples one after another: of texts until these end, or of made up ones without end.

    Args:
        texts: Strings, read as samples are asked for.
        recipe: What is made of them.
        keep_out: Texts that samples must not share phrases with.

    Raises:
        TrainingError: A text cannot be drawn in any style.

    Example:
        >>> samples = iter_samples(["All that you know of it. " * 40], recipe=PageRecipe(pages_per_sample=1))
        >>> next(samples).images[0][:4]
        b'\x89PNG'
    """
    barred = keep_out or KeepOut()
    if texts is None:
        for number in itertools.count():
            yield recipe.make(number, keep_out=barred).sample
    else:
        spans = cut_spans(recipe, read_strings(texts, SourceFaults()), barred, Counter())
        for number, span in enumerate(spans):
            yield recipe.make(number, span).sample
