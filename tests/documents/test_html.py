"""A web page becomes what a browser shows, each block with its line; hostile ones cost little."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from glyph_memory import typeset
from glyph_memory.document import Document, Merge
from glyph_memory.documents import Builder, load
from glyph_memory.documents.formats.html import add_html, decode_html
from tests.documents.small_picture import make_png

PNG = make_png()


def read(html: str, *, name: str = "a.html", **fields: bool) -> Document:
    """Return a page as a document."""
    (document,) = load(html.encode(), name=name, **fields)  # type: ignore[arg-type]  # flags alone are given here
    return document


def show(document: Document) -> list[tuple[str, str]]:
    """Return kind and text of each block."""
    return [(block.kind, document.text[block.start : block.stop].rstrip("\n")) for block in document.blocks]


def show_spans(document: Document) -> list[tuple[str, str, str]]:
    """Return kind, text and target of all that is marked."""
    spans = [span for block in document.blocks for span in block.spans]
    return [(span.kind, document.text[span.start : span.stop], span.target) for span in spans]


def test_blanks_collapse_as_in_a_browser() -> None:
    """Also across elements; an entity is its character, and a no-break space stays."""
    text = read("<p>  a \n\t<b> b</b> c&amp;&copy;&nbsp; d<br> e </p><div>f<p>g").text
    assert text == "a b c&©\u00a0 d\ne\n\nf\n\ng\n\n"


def test_lists_have_their_numbers() -> None:
    """As `start`, `type`, `value` and `reversed` say."""
    html = "<ol start=3 type=i><li>a<ul><li>b</ul><li value=9>c</ol><ol reversed><li>d<li>e</ol><dl><dt>t<dd>u</dl>"
    document = read(html)
    texts = [text for _, text in show(document)]
    assert texts == ["iii. a", "• b", "ix. c", "2. d", "1. e", "t", "u"]
    assert [block.indent for block in document.blocks] == [0, 1, 0, 0, 0, 0, 1]


def test_tables_keep_merged_cells_and_headers() -> None:
    """Covered cells are empty; a nested table is lines of its cell."""
    html = """<table><caption>Cap</caption><thead><tr><th>A<th align=right>B</thead>
        <tr><td rowspan=2>1<td align=right>2<tr><td><table><tr><td>n1<td>n2<tr><td>n3<td>n4</table>
        <tr><td colspan=2><p>3</p><ul><li>4</ul></table>"""
    document = read(html)
    assert show(document)[0] == ("paragraph", "Cap")
    table = document.blocks[1].table
    assert table is not None
    cells = [
        document.text[slice(*document.cell_span(document.blocks[1], i))] for i in range(len(table.starts))
    ]
    assert cells == ["A", "B", "1", "2", "", "n1 | n2\nn3 | n4", "3\n• 4", ""]
    assert (table.header_rows, table.alignments) == (1, "lr")
    assert table.merges == (Merge(row=1, column=0, rows=2), Merge(row=3, column=0, columns=2))


def test_a_table_that_only_places_things_is_none() -> None:
    """Old pages are one."""
    html = "<table><tr><td><h1>a</h1><p>b</table><table role=presentation><tr><td>c<td>d</table>"
    assert [kind for kind, _ in show(read(html))] == ["heading", *["paragraph"] * 3]


@pytest.mark.parametrize(
    ("html", "kinds"),
    [
        ("<tr><td><h3>a</h3><p>b<td><h3>c</h3><p>d<tr><td>e<td><p>f<p>g", "hphpppp"),
        ("<tr><td>a<td>b", "pp"),
        ("<tr><td>a<tr><td>b<tr><td><ul><li>c</ul>", "ppi"),
        ("<tr><td width=9><td>a<td><tr><td><td><a class='btn' href=/x>b</a><td>", "pp"),
        ("<tr><td>a<td><img src=x alt=b><tr><td><img src=y alt=c><td>d", "pppp"),
        (
            "<tr><td><table><tr><td>a</table><tr><td><table border=1><tr><th>b<th>c<tr><td>d<td>e</table>",
            "pt",
        ),
        ("<tr><td>a<td>1<tr><td>b<td>2", "t"),
        ("<tr><td><p>a<td><p>1<tr><td><p>b<td><p>2", "t"),
        ("<tr><td><img src=x alt=a><td>b<td>1<tr><td><img src=y alt=c><td>d<td>2", "t"),
        ("<tr><th>a<th>b", "t"),
        ("<thead><tr><td>a<tbody><tr><td>b", "t"),
        ("<caption>c</caption><tr><td>a<tr><td>b", "pt"),
        ("<tr><td style='border-top: 1px solid'>a<tr><td>b", "t"),
        ("<tr><td style='border: 0; border-collapse: collapse'>a<tr><td>b", "pp"),
    ],
)
def test_a_table_lays_out_or_holds_data(html: str, kinds: str) -> None:
    """Newsletters are tables of blocks; what has a head or a border, or cells of a few words, is a table."""
    letters = {"paragraph": "p", "heading": "h", "item": "i", "table": "t"}
    found = [letters[kind] for kind, _ in show(read(f"<table>{html}</table>"))]
    assert "".join(found) == kinds


def test_code_is_letter_for_letter() -> None:
    """With its language, however a page names it."""
    html = (
        '<pre><code class="language-python">if x:\n\n    y  = "&lt;"\n</code></pre>'
        '<div class="highlight-bash notranslate"><div class=highlight><pre><span></span>ls  -l\n</pre></div></div>'
    )
    document = read(html)
    assert show(document) == [("code", 'if x:\n\n    y  = "<"'), ("code", "ls  -l")]
    assert [block.language for block in document.blocks] == ["python", "bash"]


def test_raised_text_can_be_read() -> None:
    """A footnote's number is one."""
    html = "<p>x<sup>2</sup> H<sub>2</sub>O 4<sup>th</sup> n<sup>a+b</sup> <sup>14</sup>C E<sub>a</sub>"
    html += ' so<sup><a href="#f1">1</a></sup>'
    document = read(html)
    assert document.text == "x² H₂O 4th n^(a+b) ¹⁴C E_a so[1]\n\n"
    assert ("note", "1", "") in show_spans(document)


def test_links_are_resolved() -> None:
    """Against the page's base; scripts are no target."""
    html = '<base href="http://h/d/"><a href="../x?y#z">a</a> <a href="javascript:evil()">b</a>'
    assert show_spans(read(html)) == [("link", "a", "http://h/x?y#z")]


def test_formulas_are_latex() -> None:
    """From MathML's annotation, MathJax' and Sphinx' marks."""
    html = (
        "<p><math><mi>x</mi><annotation encoding='application/x-tex'>{\\displaystyle x^2}</annotation></math> "
        "<span class=math>\\(y_1\\)</span><script type='math/tex'>z</script></p><div class=math>\\[w\\]</div>"
    )
    document = read(html)
    assert show(document) == [("paragraph", "x^2 y_1z"), ("formula", "w")]
    assert [text for kind, text, _ in show_spans(document) if kind == "formula"] == ["x^2", "y_1", "z"]


def test_forms_and_the_like_show_what_they_hold() -> None:
    """Ruby, quotes and details, too."""
    html = (
        "<label>Name <input value=v></label><input type=password value=p><input type=hidden value=h>"
        "<select><option selected>o<option>q</select><details><summary>s</summary>b</details>"
        "<p><ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby> <q>said</q>"
    )
    texts = [text for _, text in show(read(html))]
    assert texts == ["Name [v]", "☑ o", "☐ q", "s", "b", "漢(kan) “said”"]


def test_what_is_not_shown_is_not_read() -> None:
    """What a page hides is told; the rest never was text."""
    html = (
        "<title>The  title</title><script>s</script><style>t</style><template>u</template><!-- v -->a"
        "<p hidden>w<p style='display: none'>x<p>b<iframe src='http://i'>y</iframe>"
    )
    document = read(html)
    assert document.text.split() == ["a", "b"]
    assert document.title == "The title"
    assert [defect.kind for defect in document.defects] == ["left out", "left out"]


def test_pictures_come_from_the_page_itself(tmp_path: Path) -> None:
    """As data, or from beside it; a figure's caption is theirs."""
    (tmp_path / "p.png").write_bytes(PNG)
    data = base64.b64encode(PNG).decode()
    (tmp_path / "a.html").write_text(
        f"<figure><img src='data:image/png;base64,{data}'><figcaption>one</figcaption></figure>"
        "<p>x <img src='p.png?v=1' alt='two' width=400> y <img src='../q.png' alt=three> "
        "<img src='http://h/z' alt=four>"
    )
    (document,) = load(tmp_path / "a.html")
    assert show(document) == [
        ("picture", "one"),
        ("paragraph", "x"),
        ("picture", "two"),
        ("paragraph", "y three four"),
    ]
    pictures = [block.picture for block in document.blocks if block.picture]
    assert [picture.width_pt for picture in pictures] == [None, 300]
    assert len(document.defects) == 2


def test_a_picture_that_is_none_is_told() -> None:
    """Once, and its caption stands on the page."""
    document = read("<figure><img src='data:image/png;base64,AAAA' alt=x></figure>")
    assert [defect.message for defect in document.defects] == [
        "the picture 'x' is of a kind that is not drawn, or broken; its caption stands for it"
    ]
    (page,) = typeset(document)
    assert (page.text.strip(), page.depth) == ("x", 8)


def test_lines_of_the_file_are_found_again() -> None:
    """After comments and scripts of several lines, within long texts, and for each line of code."""
    html = "<!-- a\nb -->\n<p\nclass=x>one\n<script>\n\n</script>\n"
    html += "<p>two\nstill\n\n  <p>\n three\n<pre>\nx\ny</pre>\nbare\n"
    document = read(html)
    lines = {
        text.split()[0]: document.trace(block.start, block.stop)[0].line
        for block, (_, text) in zip(document.blocks, show(document), strict=True)
    }
    assert lines == {"one": 4, "two": 8, "three": 12, "x": 14, "bare": 16}
    at = document.text.index("y")
    assert document.trace(at, at + 1)[0].line == 15


def test_a_piece_of_a_page_keeps_the_place_it_stands_in() -> None:
    """`add_html` serves mails and notebooks."""
    builder = Builder()
    builder.set_location(page=7)
    add_html(builder, "<p>a<ul><li>b</ul>")
    assert [place.page for place in builder.build().source_map] == [7, 7]


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        ("<meta charset=windows-1251><p>Привет".encode("cp1251"), "cp1251", "Привет"),
        ('<?xml version="1.0" encoding="Shift_JIS"?><p>日本'.encode("shift_jis"), "shift_jis", "日本"),
        ("\ufeff<p>é".encode(), "utf-8-sig", "é"),
        ("<p>é".encode("utf-16"), "utf-16", "é"),
        ("<p>é".encode(), "utf-8", "é"),
        ("<meta charset=iso-8859-1><p>“é”".encode("cp1252"), "cp1252", "“é”"),
    ],
)
def test_a_page_says_its_encoding(data: bytes, encoding: str, text: str) -> None:
    """Taken as browsers take it."""
    found, name, defect = decode_html(data)
    assert (name, defect) == (encoding, None)
    assert found.endswith(text)


def test_what_the_server_said_of_the_encoding_counts_more() -> None:
    """As in a browser; the caller's word counts most."""
    data = "<meta charset=utf-8><p>é".encode("cp1252")
    assert decode_html(data, served="iso-8859-1")[0].endswith("é")
    assert decode_html(data, "cp1250", served="utf-8")[1] == "cp1250"


@pytest.mark.parametrize(
    "meta", ["<meta charset=nonsense>", "<meta charset=hex>", "", "<meta charset=shift_jis>"]
)
def test_a_page_that_says_the_wrong_encoding_is_read_and_told(meta: str) -> None:
    """UTF-8 where that fits, else Western."""
    document, *_ = load(meta.encode() + "<p>caf\u00e9 \u00ff".encode("cp1252"), name="a.html")
    assert "caf" in document.text
    assert [defect.kind for defect in document.defects] == ["guessed"]


def test_main_text_alone_is_read_where_asked() -> None:
    """How much is left out is told."""
    words = "Glass is melted from sand, and it was melted long before anybody knew why it is clear. " * 8
    html = f"<html><body><nav><a href=/>Menu one</a></nav><article><h1>Glass</h1><p>{words}</p></article>"
    html += "<footer>Imprint</footer>"
    assert "Imprint" in read(html).text
    main = read(html, main_content=True)
    assert "melted" in main.text
    assert "Imprint" not in main.text
    assert "words stand outside of the main text" in main.defects[0].message


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 20_000 + "x" + "</div>" * 20_000,
        "<div/>" * 20_000 + "x",
        "<ul><li>x" * 5_000,
        "<table><tr><td>x" * 3_000,
        "<b><i>" * 5_000 + "x",
        "<blockquote>x" * 3_000,
        "<select>" + "<option>x" * 10_000,
        "<p " + " ".join(f"a{i}=1" for i in range(20_000)) + ">x",
        "<table>" + "<tr><td colspan=1000>x" * 3_000 + "</table>",
        "<table>" + ("<tr>" + "<td rowspan=65000>x" * 9) * 900 + "</table>",
        "x" + "<!--" * 20_000,
        "x" + '<a "' * 20_000,
        "x" + "<" * 20_000,
    ],
)
def test_hostile_pages_are_read(html: str) -> None:
    """Depth, attributes and merged cells that nobody writes; what is text in them stays."""
    assert "x" in read("<html>" + html).text


def test_a_long_page_comes_in_parts() -> None:
    """One after the other, with the whole text."""
    html = "<html>" + "".join(f"<p>word{i} and some more of it" for i in range(500))
    parts = list(load(html.encode(), name="a.html", part_characters=2_000))
    assert len(parts) > 5
    assert [part.part for part in parts] == list(range(1, len(parts) + 1))
    assert "".join(part.text for part in parts).count("word") == 500


def test_a_long_table_comes_in_several_with_its_header() -> None:
    """One row of many cells does not make all others as long."""
    rows = "".join(f"<tr><td>{i}" for i in range(6_000))
    document = read(f"<table><tr><th>head{rows}</table>")
    tables = [block.table for block in document.blocks if block.table]
    assert [table.carried for table in tables] == [(), (("head",),)]
    assert sum(table.rows for table in tables) == 6_001


def test_half_a_surrogate_pair_is_no_trouble() -> None:
    """It comes from files read leniently, in a Markdown text."""
    builder = Builder()
    add_html(builder, "<p>a\ud800b")
    assert builder.build().text == "a?b\n\n"


@pytest.mark.parametrize("encoding", ["koi8-r", "iso8859-5", "cp1251", "cp1252"])
def test_the_encoding_of_a_page_that_names_none_is_found(encoding: str) -> None:
    """As that of plain text is; its markup says nothing of it."""
    words = "Größe, Straße, Übung, Äpfel, Öl, süß, schön, grün, müde, Käse, Tür, Hör, für, Zähne"
    text = words if encoding == "cp1252" else "Привет, мир, как дела сегодня. Мы идём домой."
    page = "<html><body>" + "<div class='a very long name of a class'>" * 20 + f"<p>{text}</p></body></html>"
    (document,) = load(page.encode(encoding), name="a.html")
    assert document.text == f"{text}\n\n"
    assert [defect.kind for defect in document.defects] == ["guessed"]


def test_lines_of_an_old_mac_are_counted() -> None:
    """They end with CR alone."""
    (document,) = load(b"<html>\r<p>a</p>\r<p>last</p>\r", name="a.html")
    at = document.text.index("last")
    assert document.trace(at, at + 4)[0].line == 3
    assert [defect.message for defect in document.defects] == ["old Mac line ends are read as newlines"]
