"""Markdown becomes blocks, each with its line; what is no Markdown in it stays text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.document import Block, Document
from glyph_memory.documents import Builder, load
from glyph_memory.documents.formats.markdown import add_markdown

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6364f8cf500f00030601"
    "805a34fd6b0000000049454e44ae426082"
)


def read(text: str, *, name: str = "a.md") -> Document:
    """Return a Markdown text as a document."""
    (document,) = load(text.encode(), name=name)
    return document


def show(document: Document) -> list[tuple[str, str]]:
    """Return kind and text of each block."""
    return [(block.kind, document.text[block.start : block.stop].rstrip("\n")) for block in document.blocks]


def show_spans(document: Document) -> list[tuple[str, str, str]]:
    """Return kind, text and target of all that is marked."""
    spans = [span for block in document.blocks for span in block.spans]
    return [(span.kind, document.text[span.start : span.stop], span.target) for span in spans]


def find_line(document: Document, block: Block) -> int | None:
    """Return the line that a block comes from."""
    return document.trace(block.start, block.stop)[0].line


def test_each_kind_of_block_is_known() -> None:
    """No mark is left in the text."""
    text = "# One\n\nTwo *three*\nfour\n\n> five\n\n"
    text += "```python\nif x:\n    y  =  1\n```\n\n***\n\n    six\n\nSeven\n-----\n"
    assert show(read(text)) == [
        ("heading", "One"),
        ("paragraph", "Two three four"),
        ("paragraph", "five"),
        ("code", "if x:\n    y  =  1"),
        ("rule", ""),
        ("code", "six"),
        ("heading", "Seven"),
    ]


def test_items_have_their_markers_and_depth() -> None:
    """Numbers go on, tasks are boxes, and a second paragraph has no marker."""
    text = "3. a\n3. b\n   - c\n     - [x] d\n     - [ ] e\n\n   more of b\n7. f\n"
    document = read(text)
    assert show(document) == [
        ("item", "3. a"),
        ("item", "4. b"),
        ("item", "• c"),
        ("item", "☑ d"),
        ("item", "☐ e"),
        ("item", "more of b"),
        ("item", "7. f"),
    ]
    assert [block.indent for block in document.blocks] == [0, 0, 1, 2, 2, 0, 0]


def test_tables_keep_cells_and_alignments() -> None:
    """The first row heads it."""
    document = read("| a | b | c |\n|:--|--:|:-:|\n| 1 | **2** | x \\| y |\n")
    table = document.blocks[0].table
    assert table is not None
    assert (table.columns, table.header_rows, table.alignments) == (3, 1, "lrc")
    assert document.text == "a\tb\tc\n1\t2\tx | y\n\n"


def test_marks_within_a_text_are_spans() -> None:
    """A link keeps where it leads."""
    document = read("**b** _e_ `c  d` ~~s~~ [l](http://x/y 'T') $x^2$ <b>h</b> <http://z>\n")
    assert show_spans(document) == [
        ("strong", "b", ""),
        ("emphasis", "e", ""),
        ("code", "c  d", ""),
        ("struck", "s", ""),
        ("link", "l", "http://x/y"),
        ("formula", "x^2", ""),
        ("strong", "h", ""),
        ("link", "http://z", "http://z"),
    ]


def test_footnotes_stand_where_they_are_written() -> None:
    """Their numbers are marked where they are cited."""
    document = read("A[^1] b ^[inside]\n\n[^1]: The note.\n\n    Its second.\n")
    assert show(document) == [
        ("paragraph", "A[1] b [*2]"),
        ("footnote", "[*2] inside"),
        ("footnote", "[1] The note."),
        ("paragraph", "Its second."),
    ]
    assert [kind for kind, _, _ in show_spans(document)] == ["note", "note"]


def test_formulas_stay_latex() -> None:
    """Within a text and alone."""
    document = read("$$\n\\int x\n$$\n\n\\begin{align}\na &= b\n\\end{align}\n")
    assert show(document) == [("formula", "\\int x"), ("formula", "\\begin{align}\na &= b\n\\end{align}")]


@pytest.mark.parametrize(
    "text",
    [
        "costs $5 and $10",
        "PATH=$A/$B",
        "std::vector<int> x",
        "usage: run <file> [options]",
        "a < b and c > d",
        "snake_case_name and 2 * 3 * 4",
        "[TODO]: fix",
        "C:\\new\\table",
    ],
)
def test_what_is_no_markdown_stays(text: str) -> None:
    """A plain text under Markdown's name loses nothing."""
    assert read(text + "\n").text == text + "\n\n"


def test_an_unknown_element_alone_on_its_line_is_text() -> None:
    """So is a comment that never ends."""
    assert show(read("<file>\n\nx\n\n<!-- y\n")) == [
        ("paragraph", "<file>"),
        ("paragraph", "x"),
        ("paragraph", "<!-- y"),
    ]


def test_components_of_mdx_are_no_text() -> None:
    """What stands in them is."""
    assert "Tab" not in read("<Tab title='x'>\n\nin it\n\n</Tab>\n", name="a.mdx").text


def test_html_in_markdown_is_read() -> None:
    """No tag is left, whether its element ends in the same block or in another one."""
    text = "<div align=center>\n\n## In\n\n</div>\n\n"
    text += "<table><tr><td>\n\nx\n\n</td></tr><tr><td>y</td><td>z</td></tr></table>\n"
    document = read(text)
    assert "<" not in document.text
    assert document.text.split() == ["In", "x", "y", "z"]


def test_a_script_is_not_read() -> None:
    """Neither as a block nor within a text."""
    assert read("a <script>evil()</script> b\n\n<script>\nevil()\n</script>\n\nc\n").text.split() == [
        "a",
        "b",
        "c",
    ]


def test_front_matter_is_a_table_with_the_title() -> None:
    """Where it is more than names and values, it is code."""
    document = read('---\ntitle: "My notes"\ntags: a, b\n---\nText\n')
    assert document.title == "My notes"
    assert show(document)[0] == ("table", 'title\t"My notes"\ntags\ta, b')
    nested = read("---\na:\n  - b\n---\nText\n")
    assert show(nested)[0] == ("code", "a:\n  - b")


def test_lines_of_the_file_are_found_again() -> None:
    """Each block knows its own, and code each of its lines."""
    text = "---\ntitle: x\n---\n# h\n\npara\nmore\n\n- i\n  - j\n\n"
    text += "```c\nint a;\nint b;\n```\n\n<p>\nhtml</p>\n\n[^n]: note\n"
    document = read(text)
    lines = {document.text[b.start : b.stop].split()[0]: find_line(document, b) for b in document.blocks}
    expected = ["title", "h", "para", "•", "int", "html", "[n]"]
    assert [lines[word] for word in expected] == [2, 4, 6, 10, 13, 18, 20]
    at = document.text.index("int b")
    assert document.trace(at, at + 5)[0].line == 14
    assert document.locate(line=14) == ((at, at + 6),)


def test_a_cell_of_a_notebook_counts_from_its_own_line() -> None:
    """`add_markdown` serves other formats."""
    builder = Builder()
    add_markdown(builder, "# a\n\nb\n", line=40)
    document = builder.build()
    assert [find_line(document, block) for block in document.blocks] == [40, 42]


def test_pictures_beside_the_file_are_read(tmp_path: Path) -> None:
    """Its alternative text is the caption."""
    (tmp_path / "p.png").write_bytes(PNG)
    (tmp_path / "a.md").write_text("Before ![a *cat*](p.png) after\n")
    (document,) = load(tmp_path / "a.md")
    assert show(document) == [("paragraph", "Before"), ("picture", "a cat"), ("paragraph", "after")]
    assert document.blocks[1].picture is not None
    (document,) = load(tmp_path / "a.md", pictures=False)
    assert all(block.picture is None for block in document.blocks)


@pytest.mark.parametrize("address", ["../secret.png", "/etc/hostname", "http://x/y.png", "//x/y.png"])
def test_pictures_elsewhere_are_not_read(tmp_path: Path, address: str) -> None:
    """Their captions stay, and it is told."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "a.md").write_text(f"![cap]({address})\n")
    (document,) = load(folder / "a.md")
    assert show(document) == [("picture", "cap")]
    assert document.blocks[0].picture is None
    assert [defect.kind for defect in document.defects] == ["left out"]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    """A symlink is no way around it."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "p.png").symlink_to(tmp_path / "secret.png")
    (folder / "a.md").write_text("![cap](p.png)\n")
    (document,) = load(folder / "a.md")
    assert document.blocks[0].picture is None


@pytest.mark.parametrize(
    "text", [">" * 3000 + " x", "- " * 3000 + "x", "1. " * 900 + "x", "> - " * 2000 + "x"]
)
def test_deep_nesting_loses_nothing(text: str) -> None:
    """It stands as it is written from some depth on, and it is told."""
    document = read(text + "\n\nafter\n")
    assert document.text.split()[-1] == "after"
    assert "x" in document.text
    assert [defect.kind for defect in document.defects] == ["damaged"]


@pytest.mark.parametrize(
    "piece", ["[", "![", "*a_", "`" * 3 + " `", "<", "&", "$", "^[", "~~a", "**a ", "[a](", "<b>"]
)
def test_marks_that_never_end_are_text(piece: str) -> None:
    """Many of them, too."""
    document = read("start " + piece * 2000 + " stop\n")
    assert document.text.startswith("start")
    assert document.text.rstrip().endswith("stop")


def test_without_structure_it_is_the_file(tmp_path: Path) -> None:
    """Letter for letter."""
    (document,) = load(b"# a\n\n*b*\n", name="a.md", structure=False)
    assert document.text == "# a\n\n*b*\n"


@given(st.lists(st.text(st.characters(categories=["Ll", "Lu", "Nd"]), min_size=1, max_size=8), min_size=1))
def test_every_word_is_kept_in_order(words: list[str]) -> None:
    """Whatever stands around it."""
    shapes = ["# {}", "- {}", "> {}", "{}", "**{}**", "1. `{}`", "| {} |\n|---|\n"]
    text = "\n\n".join(shapes[place % len(shapes)].format(word) for place, word in enumerate(words))
    found = [word for word in read(text).text.split() if word not in {"•", "1."}]
    assert found == words


def test_no_cell_of_a_row_is_dropped() -> None:
    """Cells beyond the header's are further columns, also in a quote; an unescaped bar in code parts cells."""
    text = "> | a | b |\n> |---|---|\n> | c | d | *e* | f\\|g |\n> | `h|i` | j |\n"
    document = read(text)
    assert document.text.split() == ["a", "b", "c", "d", "e", "f|g", "`h", "i`", "j"]
    assert document.blocks[0].table is not None and document.blocks[0].table.columns == 4
    assert not document.defects


def test_titles_are_read_or_told() -> None:
    """That of code stands before it, that of a picture without a text is its caption; others are told once."""
    document = read('```python title="first.py"\nx\n```\n\n![](a.png "Oak")\n\n[b](c "Hint") [d](e "Hint")\n')
    assert document.text.split() == ["first.py", "x", "Oak", "b", "d"]
    assert [d.message for d in document.defects if "titles" in d.message] == [
        "titles of links and pictures, which show under a mouse alone, are not read"
    ]


def test_hundreds_of_brackets_that_never_end_are_text() -> None:
    """They stand as they are written, which is told."""
    document = read("word ![[" + "![[" * 2_000 + "](x)")
    assert document.text.startswith("word ![[![[")
    assert "brackets that never end" in document.defects[0].message


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("H<sub>2</sub>O and 10<sup>**-6**</sup>", "H₂O and 10⁻⁶"),
        ("E<sub>a</sub> n<sup>a+b</sup> 4<sup>th</sup>", "E_a n^(a+b) 4th"),
        ("x<sup>2", "x²"),
        ("x<sup>2<sub>3</sub> 4", "x²₃ 4"),
    ],
)
def test_raised_and_lowered_text_is_as_in_other_formats(text: str, shown: str) -> None:
    """In signs of Unicode where it has all of them, else after a sign that says so."""
    assert read(text).text.strip() == shown
