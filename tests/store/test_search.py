"""Search finds what was said, ranks it by the session alone, and takes nothing for syntax."""

from __future__ import annotations

import pytest

from glyph_memory.store import SessionStore, Store
from glyph_memory.transcript import ToolCall, Turn


def fill(session_store: SessionStore, *texts: str) -> SessionStore:
    """Let the user say things."""
    session_store.append([Turn(role="user", text=text) for text in texts])
    return session_store


def found(session_store: SessionStore, query: str, *, k: int = 10, pool: int | None = None) -> list[int]:
    """Return the anchors of what a query finds."""
    return [hit.turn.anchor or 0 for hit in session_store.search(query, k=k, pool=pool)]


def test_text_name_and_tool_calls_are_searched(session_store: SessionStore) -> None:
    """All that a turn says, under one query each."""
    call = ToolCall(name="read_file", arguments='{"path": "src/app.py"}', id="c9")
    session_store.append(
        [
            Turn(role="user", text="The port is 8443", name="Annabel"),
            Turn(role="assistant", tool_calls=(call,)),
        ]
    )
    assert [found(session_store, query) for query in ("PORT", "annabel", "read_file", "src/app.py", "c9")] == [
        [1], [1], [2], [2], [],
    ]  # fmt: skip


def test_a_piece_of_a_query_is_a_phrase_and_one_is_enough(session_store: SessionStore) -> None:
    """`invoice-service` is those two words in a row; pieces are joined by or."""
    fill(
        session_store,
        "the invoice service",
        "the service of an invoice",
        "nothing of it",
        "Invoice_Service 2",
    )
    assert sorted(found(session_store, "invoice-service")) == [1, 4]
    assert sorted(found(session_store, "invoice-service nothing")) == [1, 3, 4]
    assert found(session_store, "service-invoice") == []
    assert found(session_store, "invoic") == []


def test_chinese_is_found_by_its_parts(session_store: SessionStore) -> None:
    """Any run of characters, in order; a sentence by its pairs."""
    fill(session_store, "我们把服务器部署在东京都", "京东的价格", "部署完成")
    assert found(session_store, "东京") == [1]
    assert found(session_store, "京东") == [2]
    assert found(session_store, "部署服务器在哪里？")[0] == 1


def test_the_rarer_word_counts_more(session_store: SessionStore) -> None:
    """What every turn says tells nothing."""
    fill(session_store, "the deploy", "the the the", "the cat", "the dog")
    assert found(session_store, "the deploy")[0] == 1


def test_more_often_and_shorter_is_better_and_of_equals_the_newest(session_store: SessionStore) -> None:
    """As BM25 has it."""
    fill(session_store, "port", "port and a lot of other words here", "port port", "port")
    hits = session_store.search("port", k=9)
    assert [hit.turn.anchor for hit in hits] == [3, 4, 1, 2]
    assert hits[0].score > hits[1].score == hits[2].score > hits[3].score > 0


def test_neighbouring_repetitions_are_all_counted(session_store: SessionStore) -> None:
    """A known score: two of two words, one turn, rarity log(4/3)."""
    fill(session_store, "ha ha")
    (hit,) = session_store.search("ha", k=1)
    assert hit.score == pytest.approx(0.28768207 * 2 * 2.2 / 3.2)


def test_no_more_than_k_hits_and_never_fewer_than_there_are(session_store: SessionStore) -> None:
    """Also where fewer are weighed than asked for."""
    fill(session_store, *["port"] * 30)
    assert found(session_store, "port", k=3) == [30, 29, 28]
    assert len(found(session_store, "port", k=25, pool=1)) == 25
    assert [found(session_store, "port", k=k) for k in (0, -1)] == [[], []]


@pytest.mark.parametrize(
    ("queries", "expected"),
    [
        (
            [
                "",
                " ",
                '"',
                '""',
                "*",
                "por*",
                "words:port",
                "NEAR(port x)",
                "s1xport",
                "'; --",
                "%",
                "_",
                "{",
            ],
            [],
        ),
        (["port*", "^port", "-port", "NOT port", "port AND", "(port", "port\0", "\ud800 port"], [1]),
        (["port:*", "!port", "a & b | port", "port\\", "port)", '"port', "port'", ":port", "$1 port"], [1]),
    ],
)
def test_nothing_in_a_query_is_syntax(
    session_store: SessionStore, queries: list[str], expected: list[int]
) -> None:
    """Whatever is asked, an answer comes, and `port` is found where it is asked for as a word."""
    fill(session_store, "port", "starboard")
    assert {query: found(session_store, query) for query in queries} == dict.fromkeys(queries, expected)


def test_what_is_forgotten_is_not_found(session_store: SessionStore) -> None:
    """After a deletion, a truncation, and in a session begun anew."""
    fill(session_store, "port one", "port two", "port three", "port four")
    session_store.delete([2])
    assert sorted(found(session_store, "port")) == [1, 3, 4]
    session_store.truncate(after=3)
    assert sorted(found(session_store, "port")) == [1, 3]
    session_store.clear()
    assert found(session_store, "port") == []
    fill(session_store, "port again")
    assert found(session_store, "port") == [1]


def test_other_sessions_change_neither_order_nor_score(store: Store) -> None:
    """A rank that moved would tell what others said."""
    mine = fill(store.session("mine"), "alpha beta", "beta gamma delta", "alpha", "gamma alpha beta")
    before = mine.search("alpha gamma", k=9)
    for number in range(20):
        fill(store.session(f"other{number}"), "alpha " * number, "gamma", "x " * 50)
    assert mine.search("alpha gamma", k=9) == before != ()
