"""Documents of every kind of block, for hypothesis, put together as formats put them together."""

from __future__ import annotations

from hypothesis import strategies as st

from glyph_memory.document import Document, Merge
from glyph_memory.documents import Builder, Run

WORDS = st.text(alphabet="ab é漢\n", max_size=8)
RUNS = st.lists(
    st.builds(
        Run,
        WORDS,
        st.sampled_from([(), ("strong",), ("link",), ("code", "emphasis")]),
        st.sampled_from(["", "https://a.example"]),
    ),
    max_size=3,
)
TABLES = st.lists(st.lists(WORDS | RUNS, max_size=4), max_size=5)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Return a document of up to six blocks, each with a place it comes from, or none."""
    builder = Builder(title="Made", source="made.txt", media_type="text/plain", encoding="utf-8")
    builder.add_defect("guessed", "the encoding is guessed")
    for number in range(draw(st.integers(1, 6))):
        builder.indent, builder.quotes = draw(st.integers(0, 2)), draw(st.integers(0, 1))
        kind = draw(
            st.sampled_from(["text", "heading", "item", "code", "picture", "table", "table", "footnote"])
        )
        cell = draw(st.sampled_from(["B7", ""]))
        builder.set_location(
            page=draw(st.none() | st.integers(1, 9)),
            sheet="Costs" if cell else "",
            cell=cell,
            line=draw(st.none() | st.integers(1, 90)),
            counts_lines=kind in {"text", "code"},
        )
        match kind:
            case "text":
                builder.add_text(draw(WORDS))
            case "heading":
                builder.add_heading(number, draw(RUNS))
            case "item":
                builder.add_item(draw(RUNS), marker=draw(st.sampled_from(["", "•", "12."])))
            case "code":
                builder.add_code(draw(WORDS), language="python", first_line=draw(st.integers(1, 9)))
            case "picture":
                builder.add_picture(draw(WORDS), draw(st.none() | st.binary(max_size=3)), width_pt=12.5)
            case "footnote":
                builder.add_footnote(draw(RUNS), label="[1]")
            case _:
                rows = draw(TABLES)
                merged = [Merge(row=0, column=0, rows=2, columns=2)]
                fits = len(rows) > 1 and max(map(len, rows)) > 1
                builder.add_table(
                    rows,
                    header_rows=draw(st.integers(0, 2)),
                    alignments=draw(st.sampled_from(["", "lrc"])),
                    merges=merged if fits and draw(st.booleans()) else (),
                    carried=draw(st.sampled_from([(), (("item",),)])),
                )
    return builder.build()
