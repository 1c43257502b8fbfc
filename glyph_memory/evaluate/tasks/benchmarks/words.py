"""How much of what is right is in an answer, by its words: scores from 0 to 1 as benchmarks publish them.

Knows words and their counts; knows nothing about samples.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from difflib import SequenceMatcher
from functools import cache
from importlib.util import find_spec

from glyph_memory.evaluate.tasks.benchmarks.porter import stem_word

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_CHINESE_MARKS = (
    "！？｡。＂＃＄％＆＇（）＊＋，－／：；＜＝＞＠［＼］＾＿｀｛｜｝～｟｠｢｣､、〃》「」『』【】〔〕〖〗〘〙〚〛〜"
    "〝〞〟〰〾〿–—‘’‛“”„‟…‧﹏."
)
_CHINESE_PUNCTUATION = str.maketrans("", "", string.punctuation + _CHINESE_MARKS)


def split_words(text: str, *, dropped: Collection[str] = ("a", "an", "the")) -> list[str]:
    """Return a text's words in small letters, without punctuation and without articles, as SQuAD's scorer has them.

    Example:
        >>> split_words("The port, in the end, is 8080.")
        ['port', 'in', 'end', 'is', '8080']
    """
    plain = text.lower().translate(_PUNCTUATION)
    return re.sub(rf"\b(?:{'|'.join(dropped)})\b", " ", plain).split()


def compare_words(answer: Sequence[str], right: Sequence[str]) -> float:
    """Return F1: the harmonic mean of how many of an answer's words are right, and how many of the right ones it has.

    Example:
        >>> compare_words(["in", "march", "2027"], ["march", "2027"])
        0.8
    """
    common = sum((Counter(answer) & Counter(right)).values())
    return 2 * common / (len(answer) + len(right)) if common else 0.0


def score_f1(answer: str, right: str) -> float:
    """Return LongBench's F1 for questions in English."""
    return compare_words(split_words(answer), split_words(right))


def score_f1_chinese(answer: str, right: str) -> float:
    """Return LongBench's F1 for questions in Chinese; see `cut_chinese`."""
    return compare_words(split_chinese(answer), split_chinese(right))


def score_stemmed_f1(answer: str, right: str) -> float:
    """Return LoCoMo's F1: of the stems of words, without "and" as well.

    Example:
        >>> round(score_stemmed_f1("She planned hiking trips", "planning a hike"), 3)
        0.667
    """
    return compare_words(split_stems(answer), split_stems(right))


def score_listed_f1(answer: str, right: str) -> float:
    """Return LoCoMo's F1 for answers of several parts: for each part the best of the answer's, and their mean.

    Example:
        >>> score_listed_f1("pottery, running", "running, pottery, camping, painting")
        0.5
    """
    given = answer.split(",")
    best = [max(score_stemmed_f1(one, part) for one in given) for part in right.split(",")]
    return sum(best) / len(best)


def has_words(answer: Sequence[str], right: Sequence[str]) -> bool:
    """Return whether an answer has the right words in a row, however much it says round them.

    Example:
        >>> has_words("it is in oslo today".split(), ["in", "oslo"]), has_words(["oslo", "in"], ["in", "oslo"])
        (True, False)
    """
    length = len(right)
    return length > 0 and any(
        list(answer[start : start + length]) == list(right) for start in range(len(answer) - length + 1)
    )


def split_stems(text: str) -> list[str]:
    """Return the stems of a text's words as LoCoMo's scorer has them: without articles, and without "and"."""
    return [stem_word(word) for word in split_words(text, dropped=("a", "an", "the", "and"))]


def split_chinese(text: str) -> list[str]:
    """Return a Chinese text's words without punctuation; see `cut_chinese`."""
    return [plain for one in cut_chinese(text) if (plain := _strip_chinese(one))]


def find_stems(answer: str, right: str) -> float:
    """Return the share of the right text's words that an answer has, by their stems: no published score.

    Example:
        >>> find_stems("You went to Oslo in May.", "a trip to Oslo")
        0.6666666666666666
    """
    wanted, held = Counter(split_stems(right)), Counter(split_stems(answer))
    return sum((wanted & held).values()) / max(sum(wanted.values()), 1)


def score_classes(answer: str, right: str, classes: Sequence[str]) -> float:
    """Return LongBench's score of a class: 1, shared by all classes that an answer names, if the right one is one.

    Of those that it names, one that is a part of the right one's name does not count; as published, of two such in a
    row the second does.

    Example:
        >>> score_classes("Group of people or Sport", "Sport", ["Sport", "Group of people", "Date"])
        0.5
    """
    named, was_part = list[str](), False
    for name in classes:
        if name in answer:
            was_part = not was_part and name in right and name != right
            if not was_part:
                named.append(name)
    return 1 / len(named) if right in named else 0.0


def score_numbers(answer: str, right: str) -> float:
    """Return LongBench's score of a number: the share of an answer's numbers that are the right one."""
    found = re.findall(r"\d+", answer)
    return found.count(right) / len(found) if found else 0.0


def score_code_line(answer: str, right: str) -> float:
    r"""Return LongBench's score of a line of code: how alike it is to the answer's first line that is no comment.

    In whole per cent, as `fuzzywuzzy` has it in pure Python. With `python-Levenshtein` beside it, that package counts
    a little differently.

    Example:
        >>> score_code_line("```python\nreturn a + b\n```", "return a + c")
        0.92
    """
    lines = answer.lstrip("\n").split("\n")
    line = next((one for one in lines if not any(mark in one for mark in ("`", "#", "//"))), "")
    if not line or not right:
        return 0.0
    return round(100 * SequenceMatcher(None, line, right).ratio()) / 100


def cut_chinese(text: str) -> list[str]:
    """Return a Chinese text's words by `jieba`, where that is installed, as published; else its characters."""
    cut = _find_cutter()
    return list(text) if cut is None else list(cut(text))


def describe_cutting() -> str:
    """Return what cuts Chinese texts here."""
    return "characters, since jieba is not installed" if _find_cutter() is None else "words by jieba"


@cache
def _find_cutter() -> Callable[[str], Sequence[str]] | None:
    if find_spec("jieba") is None:
        return None
    import jieba  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: PLC0415  where it is installed

    cut: Callable[[str], Sequence[str]] = jieba.lcut
    return cut


def _strip_chinese(word: str) -> str:
    return "".join(word.lower().translate(_CHINESE_PUNCTUATION).split())
