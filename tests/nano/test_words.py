"""Identifiers are found whole and in parts, plain words in any of their commonest forms."""

from __future__ import annotations

import pytest

from glyph_memory.nano.lookup.question import Question, words


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("deploy keys", "The DEPLOY key is"),
        ("amber-crater", "number for amber-crater is"),
        ("52801f35-bde2-4af0", 'query="request=52801f35-bde2-4af0",'),
        ("auth-7.internal", "http://auth-7.internal:7027/health"),
        ("7027", "auth-7.internal:7027"),
        ("p99_ms", '{"p99_ms": 4402}'),
        ("worker", "class retryWorker(Worker):"),
        ("ﬁle", "the file"),
        ("東京", "東京都"),
        ("signed", "Who signs?"),
        ("shop", "the shop’s own"),
    ],
)
def test_what_is_asked_is_found_as_it_is_written(asked: str, written: str) -> None:
    """All of its words stand there, however it is wrapped in signs; parts of a word in a script without spaces, too."""
    found = set(words(written))
    assert set(words(asked)[-2:]) & found == set(words(asked)[-2:]) or words(asked)[0] in found


@pytest.mark.parametrize("question", ["What is it?", "which is the one for this", "…?!", "", "   "])
def test_words_of_questions_alone_ask_nothing(question: str) -> None:
    """They stand everywhere."""
    assert Question.parse(question).terms == ()


def test_identifiers_and_quoted_phrases_weigh_more_than_words() -> None:
    """There is no answer without them."""
    port, host, phrase = Question.parse('port of auth-7 and "gate"').terms
    assert host.weight > phrase.weight > port.weight
    assert (port.is_key, host.is_key, phrase.is_key) == (False, True, True)


def test_a_figure_of_a_digit_is_no_identifier() -> None:
    """What is said of Python 3 may well stand without its 3."""
    assert [term.is_key for term in Question.parse("Python 3").terms] == [False, False]
