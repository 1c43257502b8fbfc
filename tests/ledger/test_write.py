"""The ledger quotes what is most easily misread, within its budget, one line an entry."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.ledger import (
    Identifier,
    IdentifierKind,
    Ledger,
    Mention,
    mentions,
    misread_risk,
    write_ledger,
)

UUID = "550e8400-e29b-41d4-a716-446655440000"
OTHER = "f9da8654-3f8d-4ef3-95a5-2c88b1e7b99b"


def mention(text: str, *, anchor: int = 1, kind: IdentifierKind = "key", count: int = 1) -> Mention:
    """One mention, of a key unless said otherwise."""
    return Mention(anchor=anchor, identifier=Identifier(text=text, kind=kind, count=count))


def write(found: Sequence[Mention], budget_tokens: int = 10_000, **occurrences: int) -> Ledger:
    """A ledger whose tokens are characters."""
    return write_ledger(found, occurrences=occurrences, budget_tokens=budget_tokens, count=len)


HOSTILE = st.text(
    st.characters() | st.sampled_from('"\\\n\r\u2028\u2029\x85\x00\x7f\u202e\u2066\u200b§'), max_size=200
)
FOUND = st.lists(st.builds(mention, HOSTILE, anchor=st.integers(1, 9)), max_size=12)


def test_a_line_gives_the_anchor_and_the_identifier_in_quotes() -> None:
    """As a model can cite it."""
    assert write([mention(UUID, anchor=17)]).lines == (f'§17 "{UUID}"',)


def test_lines_follow_the_conversation() -> None:
    """By anchor, then by order of mention, whatever was chosen first."""
    found = mentions([(3, "see user_id and src/pool.py:86"), (4, f"{UUID}; src/pool.py:86, then {OTHER}")])
    assert write(found).lines == (
        '§3 "user_id"',
        '§3 "src/pool.py:86"',
        f'§4 "{UUID}"',
        f'§4 "{OTHER}"',
    )


def test_an_identifier_stands_at_its_first_anchor_with_its_counts_summed() -> None:
    """However many turns mention it."""
    found = mentions([(3, f"{UUID} {UUID}"), (5, UUID)])
    assert found == (mention(UUID, anchor=3, kind="uuid", count=3),)


def test_uuids_and_keys_come_before_names_and_dates() -> None:
    """Where there is room for one only, it is the one that is misread most easily."""
    text = f"user_id 2025-03-03 config.py getUserById v1.2.3 {UUID} row.cents"
    assert write(mentions([(1, text)]), budget_tokens=len(UUID) + 6).lines == (f'§1 "{UUID}"',)


def test_the_rarer_of_two_goes_first() -> None:
    """What was said once cannot be checked against another mention."""
    for rare, frequent in ((UUID, OTHER), (OTHER, UUID)):
        found = [mention(UUID), mention(OTHER)]
        ledger = write(found, budget_tokens=len(UUID) + 6, **{frequent: 9, rare: 1})
        assert ledger.lines == (f'§1 "{rare}"',)


def test_a_time_in_a_log_gives_way_to_what_happened_then() -> None:
    """A date is misread as easily as an order number, and does less harm."""
    found = mentions([(1, "2025-03-03T08:40:37Z WARN retry for ORD-482913-K")])
    assert write(found, budget_tokens=30).lines == ('§1 "ORD-482913-K"',)


def test_without_a_number_of_occurrences_its_own_count_is_taken() -> None:
    """As at the beginning of a conversation."""
    found = [mention(UUID, count=5), mention(OTHER, count=1)]
    assert write(found, budget_tokens=len(UUID) + 6).lines == (f'§1 "{OTHER}"',)


def test_equals_are_taken_in_order_of_mention() -> None:
    """So that the same conversation always gives the same ledger."""
    found = [mention(f"ORD-{digit}82913-K") for digit in "47"]
    assert write(found, budget_tokens=20).lines == ('§1 "ORD-482913-K"',)


def test_a_cheaper_one_takes_the_place_of_one_that_does_not_fit() -> None:
    """What is passed over is counted."""
    found = [mention(UUID), mention("ORD-482913-K")]
    ledger = write(found, budget_tokens=20)
    assert (ledger.lines, ledger.omitted) == (('§1 "ORD-482913-K"',), 1)


def test_without_a_budget_there_is_no_ledger() -> None:
    """And all was omitted."""
    assert write([mention(UUID)], budget_tokens=0) == Ledger(lines=(), tokens=0, omitted=1)


@pytest.mark.parametrize("length", [160, 161])
def test_a_long_one_is_cut_visibly(length: int) -> None:
    """Beyond 160 characters the line says how many are missing, outside of the quotes."""
    text = "a1" * (length // 2) + "b" * (length % 2)
    whole = f'§1 "{text}"'
    cut = f'§1 "{text[:120]}" … (+{length - 120} characters; recall gives all)'
    assert write([mention(text)]).lines == (whole if length == 160 else cut,)


def test_what_cannot_be_seen_is_written_as_its_number() -> None:
    """Line breaks of any kind, controls, and what turns text round."""
    line = write([mention('a"\n\u2028\x85\x7f\u202eé\ud800\U000e0041文')]).lines[0]
    assert line == '§1 "a\\"\\n\\u2028\\u0085\\u007f\\u202eé\\ud800\\udb40\\udc41文"'


@given(FOUND)
def test_no_content_makes_a_second_line_or_closes_its_quote(found: list[Mention]) -> None:
    """Each line is one, and reads back as what it quotes."""
    ledger = write(found, budget_tokens=10**9)
    expected = sorted(enumerate(found), key=lambda pair: (pair[1].anchor, pair[0]))
    for line, (_, one) in zip(ledger.lines, expected, strict=True):
        assert line.splitlines() == [line]
        anchor, _, quoted = line.partition(" ")
        text, end = json.JSONDecoder().raw_decode(quoted)
        cut = len(one.identifier.text) > 160
        assert anchor == f"§{one.anchor}"
        assert text.encode("utf-16", "surrogatepass") == (
            one.identifier.text[:120] if cut else one.identifier.text
        ).encode("utf-16", "surrogatepass")
        assert quoted[end:].startswith(" … (+" if cut else "") and bool(quoted[end:]) == cut


@given(FOUND, st.integers(0, 600))
def test_the_budget_is_never_exceeded(found: list[Mention], budget_tokens: int) -> None:
    """Tokens are those of all lines with their newlines; nothing is lost from the count."""
    ledger = write(found, budget_tokens=budget_tokens)
    assert ledger.tokens == sum(len(line) + 1 for line in ledger.lines) <= budget_tokens
    assert len(ledger.lines) + ledger.omitted == len(found)


@given(
    st.lists(
        st.sampled_from([UUID, "ORD-482913-K", "user_id", "src/a.py", "see", "v1.2.3", "\n"]), max_size=20
    )
)
def test_one_turn_at_a_time_finds_what_all_at_once_does(words: list[str]) -> None:
    """Mentions do not depend on how the turns came in."""
    turns = list(enumerate(words))
    apart: dict[str, int] = {}
    for turn in turns:
        for one in mentions([turn]):
            apart[one.identifier.text] = apart.get(one.identifier.text, 0) + one.identifier.count
    assert {one.identifier.text: one.identifier.count for one in mentions(turns)} == apart


def test_the_search_for_what_still_fits_ends() -> None:
    """However many do not fit, few are counted."""
    counted: list[str] = []

    def count(text: str) -> int:
        counted.append(text)
        return 50

    found = [mention(f"ORD-{number}-K") for number in range(100_000, 110_000)]
    write_ledger(found, occurrences={}, budget_tokens=120, count=count)
    assert len(counted) < 1000


@pytest.mark.parametrize(
    ("safe", "risky"),
    [
        ("config.py", "src/pool.py:86"),
        ("user_id", "5c2a3ce"),
        ("src/checkout/cache.py", "payments-3.internal:8443"),
        ("payments-3.internal:8443", "ORD-482913-K"),
        ("ORD-482913-K", UUID),
        ("getUserById", "AKIAIOSFODNN7EXAMPLE"),
        ("444777", "888000"),
        ("5c2a3ce7", "5c2a3ce7a5d69f87"),
    ],
)
def test_the_less_there_is_to_lean_on_the_higher_the_risk(safe: str, risky: str) -> None:
    """Words help; digits, doubles such as 0 and O, and length do not."""
    assert misread_risk(safe) < misread_risk(risky)


@given(st.text(max_size=300))
def test_risk_is_a_share(text: str) -> None:
    """From 0, for nothing, to 1."""
    assert 0 <= misread_risk(text) <= 1
    assert misread_risk("") == 0
