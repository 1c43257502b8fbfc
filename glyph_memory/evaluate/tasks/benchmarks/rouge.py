"""ROUGE-L: how long a row of words an answer and the right text have in common, not counting what stands between.

After C.-Y. Lin, "ROUGE: a package for automatic evaluation of summaries", 2004. Two packages differ in how they count,
and benchmarks use both. Knows words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from glyph_memory.evaluate.tasks.benchmarks.porter import stem_word
from glyph_memory.evaluate.tasks.benchmarks.words import cut_chinese

_KEPT_WHOLE = 3
"""Letters of words that the package `rouge-score` does not stem."""


def score_rouge_sentences(answer: str, right: str) -> float:
    """Return ROUGE-L as the package `rouge` 1.0.1 has it, which LongBench uses.

    Texts are cut at full stops. A word counts once, and if it stands in the longest common row of any two sentences.

    Example:
        >>> round(score_rouge_sentences("the cat sat", "the cat sat on the mat"), 3)
        0.75
    """
    ours, theirs = ([one.split() for one in text.split(".") if one] for text in (answer, right))
    held, wanted = ({word for line in lines for word in line} for lines in (ours, theirs))
    common = {word for one in theirs for other in ours for word in find_common(one, other)}
    return _mean(len(common), len(held), len(wanted))


def score_rouge_chinese(answer: str, right: str) -> float:
    """Return LongBench's ROUGE-L for Chinese; see `cut_chinese`."""
    return score_rouge_sentences(" ".join(cut_chinese(answer)), " ".join(cut_chinese(right)))


def score_rouge_stems(answer: str, right: str) -> float:
    """Return ROUGE-L as the package `rouge-score` has it with its stemmer, which VTCBench uses.

    Example:
        >>> score_rouge_stems("Adopting agencies!", "adoption agencies")
        1.0
    """
    ours, theirs = (list_stems(text) for text in (answer, right))
    return _mean(len(find_common(theirs, ours)), len(ours), len(theirs))


def find_common(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """Return the longest row of words that two have in common; of several, the one that `rouge` finds.

    Example:
        >>> find_common("the cat sat down".split(), "the old cat sat".split())
        ['the', 'cat', 'sat']
    """
    longest = [[0] * (len(other) + 1)]
    for word in one:
        above, row = longest[-1], [0]
        for place, against in enumerate(other):
            row.append(above[place] + 1 if word == against else max(above[place + 1], row[place]))
        longest.append(row)
    found, here, there = list[str](), len(one), len(other)
    while here and there:
        if one[here - 1] == other[there - 1]:
            found.append(one[here - 1])
            here, there = here - 1, there - 1
        elif longest[here - 1][there] > longest[here][there - 1]:
            here -= 1
        else:
            there -= 1
    return found[::-1]


def _mean(common: int, held: int, wanted: int) -> float:
    return 2 * common / (held + wanted) if common else 0.0


def list_stems(text: str) -> list[str]:
    """Return the stems of a text's words as the package `rouge-score` has them: short words are left as they are."""
    words = re.sub(r"[^a-z0-9]+", " ", text.lower()).split()
    return [word if len(word) <= _KEPT_WHOLE else stem_word(word) for word in words]
