"""Text becomes words and queries become phrases, known ones first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.search.terms import phrases, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("...!?", []),
        ("Hello, World", ["hello", "world"]),
        ("snake_case kebab-case a.b", ["snake", "case", "kebab", "case", "a", "b"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("ﬁle ＡＢＣ１２", ["file", "abc12"]),
        ("e\u0301té ÉTÉ", ["été", "été"]),
        ("東京都abc", ["東", "京", "都", "abc"]),
        ("한국어 かな", ["한", "국", "어", "か", "な"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("lone\ud800surrogate\0nul", ["lone", "surrogate", "nul"]),
    ],
)
def test_known_texts(text: str, expected: list[str]) -> None:
    """Case, width and normal form do not matter; each CJK character is a word."""
    assert words(text) == expected


def test_a_long_run_is_cut_into_words_of_200_characters() -> None:
    """So that no index has to take it whole."""
    assert [len(word) for word in words("x" * 450)] == [200, 200, 50]


@given(st.text())
def test_words_hold_nothing_that_separates_or_that_a_database_refuses(text: str) -> None:
    """No white space, no NUL, no surrogates, no ASCII punctuation: what FTS5 and LIKE might take for syntax."""
    for word in words(text):
        assert word
        assert not any(
            character.isspace() or character == "\0" or "\ud800" <= character <= "\udfff"
            for character in word
        )
        assert all(character.isalnum() for character in word if character.isascii())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ()),
        ('-- * "" ()', ()),
        ('say "hi there" OR NOT x*', ("say", "hi", "there", "or", "not", "x")),
        ("a a A", ("a",)),
        ("src/app/main.py", ("src app main py",)),
        ("東京", ("東 京",)),
        ("我们部署", ("我 们 部 署",)),
        ("我们的部署", ("我 们 的 部 署", "我 们", "们 的", "的 部", "部 署")),
    ],
)
def test_known_queries(query: str, expected: tuple[str, ...]) -> None:
    """A piece is a phrase; a sentence without spaces is also looked for by its pairs."""
    assert phrases(query) == expected


def test_an_endless_query_is_cut() -> None:
    """Nobody means more than 256 things."""
    assert len(phrases(" ".join(map(str, range(5000))))) == 256
