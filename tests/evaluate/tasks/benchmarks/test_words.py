"""Scores of words: by hand from their definitions, and as the packages have them that benchmarks use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from glyph_memory.evaluate.tasks.benchmarks import words
from glyph_memory.evaluate.tasks.benchmarks.porter import stem_word
from glyph_memory.evaluate.tasks.benchmarks.rouge import score_rouge_sentences, score_rouge_stems

DOCS = Path(__file__).parents[4] / "docs"


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("caresses", "caress"), ("ponies", "poni"), ("cats", "cat"), ("feed", "feed"), ("agreed", "agre"),
        ("plastered", "plaster"), ("motoring", "motor"), ("sing", "sing"), ("conflated", "conflat"), ("hopping", "hop"),
        ("falling", "fall"), ("filing", "file"), ("happy", "happi"), ("sky", "sky"), ("relational", "relat"),
        ("conditional", "condit"), ("digitizer", "digit"), ("vietnamization", "vietnam"), ("formative", "form"),
        ("hopefulness", "hope"), ("adjustment", "adjust"), ("adoption", "adopt"), ("probate", "probat"),
        ("rate", "rate"), ("controll", "control"), ("roll", "roll"),
    ],
)  # fmt: skip
def test_porters_own_examples_have_the_stems_that_he_gives(word: str, stem: str) -> None:
    """Of his paper of 1980, put through all steps."""
    assert stem_word(word) == stem


def test_stems_are_those_of_the_package_that_locomo_uses() -> None:
    """NLTK's, over all words of our documents: its additions to Porter's rules included."""
    porter = pytest.importorskip("nltk.stem").PorterStemmer()
    text = " ".join(path.read_text().lower() for path in DOCS.rglob("*.md"))
    known = set(re.findall(r"[a-z]+", text)) | {
        "dying",
        "lied",
        "flies",
        "sayings",
        "news",
        "biologically",
        "toys",
    }
    assert len(known) > 2000
    assert {word: stem_word(word) for word in known} == {word: porter.stem(word) for word in known}


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    """Two of three words are right, and they are two of four: 2/3 and 2/4."""
    assert words.score_f1("the mill Oslo west", "Oslo, mill, in north") == pytest.approx(
        2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4)
    )
    assert words.score_f1("The Mill!", "a mill") == 1.0
    assert words.score_f1("", "mill") == words.score_f1("oslo", "mill") == 0.0


def test_a_word_that_is_said_more_often_than_it_stands_counts_as_often_as_it_stands() -> None:
    """So that nobody is right by repeating."""
    assert words.score_f1("mill mill mill", "mill") == pytest.approx(0.5)


def test_locomos_f1_knows_stems_and_lists() -> None:
    """Of four parts two are found, one of them by its stem; "and" is dropped."""
    assert words.score_stemmed_f1("She paints and runs", "she painted, running") == 1.0
    assert words.score_listed_f1("paints, run", "painting, running, camping, pottery") == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("answer", "right", "score"),
    [
        # Printed by the package rouge 1.0.1, but for the 1e-8 that it adds to a denominator.
        ("the cat sat. it purred loudly", "the cat sat on the mat. it purred", 10 / 13),
        ("a b c d", "d c b a", 0.25),
        # One sentence each, by hand: "the" counts once, so 3 of 3 and 3 of 5.
        ("the cat sat", "the cat sat on the mat", 0.75),
        ("", "the cat", 0.0),
    ],
)
def test_rouge_is_the_one_that_longbench_uses(answer: str, right: str, score: float) -> None:
    """Longest common rows of sentences, each word once."""
    assert score_rouge_sentences(answer, right) == pytest.approx(score, abs=1e-7)


@pytest.mark.parametrize(
    ("answer", "right", "score"),
    [
        # Printed by the package rouge-score 0.1.2 with its stemmer.
        ("Researching adoption agencies", "Adoption agencies", 0.8),
        ("She went camping with her families", "family camping trips", 2 / 9),
        # By hand: "one of the" is not in a row with "the"; 3 of 4 and 3 of 4.
        ("police killed the gunman", "police kill the gunman", 1.0),
        ("the gunman kill police", "police kill the gunman", 0.5),
        ("...", "gunman", 0.0),
    ],
)
def test_rouge_is_the_one_that_vtcbench_uses(answer: str, right: str, score: float) -> None:
    """Longest common row of stems; the third and fourth are Lin's own example of 2004, stemmed."""
    assert score_rouge_stems(answer, right) == pytest.approx(score)


def test_a_class_is_shared_among_all_that_an_answer_names() -> None:
    """A part of the right one's name is not counted."""
    classes = ["Date", "Other entity", "Entity", "Sport"]
    assert words.score_classes("Other Entity", "Sport", classes) == 0.0
    assert words.score_classes("Sport or Date", "Sport", classes) == 0.5
    assert words.score_classes("the answer: Date of birth", "Date of birth", ["Date", "Date of birth"]) == 1.0
    assert words.score_classes("Date of birth", "Date of birth", ["Date", "birth", "Date of birth"]) == 0.5


def test_numbers_are_shared_among_all_that_an_answer_has() -> None:
    """As strings: 07 is not 7."""
    assert words.score_numbers("Between 6 and 7", "7") == 0.5
    assert words.score_numbers("07", "7") == words.score_numbers("seven", "7") == 0.0


@pytest.mark.parametrize(
    ("answer", "right", "score"),
    [
        # Printed by fuzzywuzzy 0.18.0 without python-Levenshtein.
        ("return self.port", "return self.ports", 0.97),
        ("x = load(path)", "y = load(paths)", 0.9),
        ("```python\n# it goes on\nreturn self.port\nreturn 2", "return self.port", 1.0),
        ("```\n```", "return 1", 0.0),
    ],
)
def test_a_line_of_code_is_compared_with_the_first_that_is_no_comment(
    answer: str, right: str, score: float
) -> None:
    """In whole per cent."""
    assert words.score_code_line(answer, right) == score


def test_chinese_is_compared_without_its_punctuation(monkeypatch: pytest.MonkeyPatch) -> None:
    """By characters where nothing cuts it into words, and by words where something does."""
    monkeypatch.setattr(words, "_find_cutter", lambda: None)
    assert words.score_f1_chinese("北京。", "北京") == 1.0
    assert words.score_f1_chinese("在北京", "北京") == pytest.approx(0.8)
    assert words.describe_cutting().startswith("characters")
    monkeypatch.setattr(words, "_find_cutter", lambda: lambda text: re.findall("北京|.", text))
    assert words.score_f1_chinese("在北京", "北京") == pytest.approx(2 / 3)
    assert words.describe_cutting() == "words by jieba"
