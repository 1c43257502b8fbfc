"""Bytes that are nearly right: files with some bytes changed, cut, doubled or filled, as a hypothesis strategy."""

from __future__ import annotations

from hypothesis import strategies as st

_CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["set", "cut", "insert", "repeat", "word"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=6,
)
_WORDS = (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00")


@st.composite
def mutated(draw: st.DrawFn, *files: bytes, head: int = 0) -> bytes:
    """Return one of the files, changed in a few places; half of the time within its first `head` bytes."""
    data = bytearray(draw(st.sampled_from(files)))
    for how, share, some in draw(_CHANGES):
        size = head if head and draw(st.booleans()) else len(data)
        at = min(int(share * size), len(data))
        if how == "set":
            data[at : at + len(some)] = some
        elif how == "cut":
            del data[at : at + 2 ** len(some)]
        elif how == "insert":
            data[at:at] = some
        elif how == "repeat":
            data[at:at] = data[at : at + 64] * len(some)
        else:
            data[at : at + 4] = _WORDS[some[0] % len(_WORDS)]
    return bytes(data)
