"""Claims about chains: they tell beginnings apart, and are the same whether a conversation came before or not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.serve.conversations.chain import ChainCache, chain_names

NAMES = st.lists(st.sampled_from("abc"), max_size=8)


@given(
    asked=st.lists(st.tuples(NAMES, st.sampled_from(["", "ada"]), st.sampled_from(["", "trip"])), max_size=12)
)
def test_a_remembered_conversation_has_the_chains_that_it_has_alone(
    asked: list[tuple[list[str], str, str]],
) -> None:
    """Whatever was asked before, in whatever order."""
    cache = ChainCache(b"key")
    for names, caller, session in asked:
        expected = chain_names(names, key=b"key", caller=caller, session=session)
        assert cache.chain(names, caller=caller, session=session) == expected


def test_each_beginning_has_a_chain_of_its_own() -> None:
    """Of every caller, every session, and every store."""
    asked = [("a", ""), ("", "a"), ("", ""), ("ab", ""), ("a", "b")]
    chains = [
        chain
        for caller, session in asked
        for key in (b"key", b"other")
        for chain in chain_names(["x", "y", "x"], key=key, caller=caller, session=session)
    ]
    assert len({*chains}) == len(chains)
