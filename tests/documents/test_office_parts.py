"""Formulas, charts and diagrams of Office files become LaTeX, tables and lists."""

from __future__ import annotations

import pytest

from glyph_memory.documents.formats.office.math import write_latex
from glyph_memory.documents.formats.office.names import shorten
from glyph_memory.documents.safe_xml import parse_xml_safely
from tests.documents.office import SPACES, cells, edit, make_word, outline, paragraph, read, told


def latex(xml: str) -> str:
    """Return a formula of raw XML as LaTeX."""
    root = parse_xml_safely(f"<m:oMath {SPACES}>{xml}</m:oMath>".encode(), shown="'a'")
    for element in root.iter():
        element.tag = shorten(element.tag)
        element.attrib = {shorten(name): text for name, text in element.attrib.items()}
    return write_latex(root)


def t(text: str) -> str:
    """Return a run of a formula."""
    return f"<m:r><w:rPr/><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        (t("a+b"), "a+b"),
        (t("𝑥"), "x"),
        (t("50%"), r"50\%"),
        (f"<m:f><m:num>{t('a')}</m:num><m:den>{t('b')}</m:den></m:f>", r"\frac{a}{b}"),
        (
            f'<m:f><m:fPr><m:type m:val="lin"/></m:fPr><m:num>{t("a")}</m:num><m:den>{t("b")}</m:den></m:f>',
            "a/b",
        ),
        (f"<m:sSup><m:e>{t('x')}</m:e><m:sup>{t('2')}</m:sup></m:sSup>", "x^{2}"),
        (
            f"<m:sSubSup><m:e>{t('ab')}</m:e><m:sub>{t('i')}</m:sub><m:sup>{t('2')}</m:sup></m:sSubSup>",
            "{ab}_{i}^{2}",
        ),
        (f"<m:rad><m:radPr><m:degHide/></m:radPr><m:deg/><m:e>{t('x')}</m:e></m:rad>", r"\sqrt{x}"),
        (f"<m:rad><m:deg>{t('3')}</m:deg><m:e>{t('x')}</m:e></m:rad>", r"\sqrt[3]{x}"),
        (
            f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{t("i=1")}</m:sub><m:sup>{t("n")}</m:sup>'
            f"<m:e>{t('i')}</m:e></m:nary>",
            r"\sum_{i=1}^{n} i",
        ),
        (f"<m:nary><m:sub/><m:sup/><m:e>{t('f')}</m:e></m:nary>", r"\int f"),
        (f"<m:d><m:e>{t('a')}</m:e><m:e>{t('b')}</m:e></m:d>", "(a|b)"),
        (
            f'<m:d><m:dPr><m:begChr m:val="{{"/><m:endChr m:val=""/></m:dPr><m:e><m:eqArr><m:e>{t("a")}</m:e>'
            f"<m:e>{t('b')}</m:e></m:eqArr></m:e></m:d>",
            r"\left\{ a \\ b \right.",
        ),
        (f"<m:func><m:fName>{t('sin')}</m:fName><m:e>{t('x')}</m:e></m:func>", r"\sin x"),
        (
            f"<m:func><m:fName><m:limLow><m:e>{t('lim')}</m:e><m:lim>{t('n')}</m:lim></m:limLow></m:fName>"
            f"<m:e>{t('x')}</m:e></m:func>",
            r"\lim_{n} x",
        ),
        (f'<m:acc><m:accPr><m:chr m:val="\u20d7"/></m:accPr><m:e>{t("v")}</m:e></m:acc>', r"\vec{v}"),
        (
            f"<m:m><m:mr><m:e>{t('1')}</m:e><m:e>{t('0')}</m:e></m:mr><m:mr><m:e>{t('0')}</m:e><m:e>{t('1')}</m:e></m:mr></m:m>",
            r"\begin{matrix} 1 & 0 \\ 0 & 1 \end{matrix}",
        ),
        (f"<m:unheard><m:e>{t('kept')}</m:e></m:unheard>", "kept"),
    ],
)
def test_formulas_are_latex(xml: str, expected: str) -> None:
    """What is not known is kept as its text."""
    assert latex(xml) == expected


def test_a_formula_stands_alone_or_in_its_sentence() -> None:
    """In a sentence it is marked; several on lines of their own are several."""
    one = f"<m:oMath>{t('a')}</m:oMath>"
    body = (
        f"<w:p><w:r><w:t xml:space='preserve'>Let </w:t></w:r>{one}<w:r><w:t>.</w:t></w:r></w:p>"
        f"<w:p><m:oMathPara>{one}<m:oMath>{t('b')}</m:oMath></m:oMathPara></w:p>"
    )
    assert outline(read(make_word(body))) == [("paragraph", "Let a."), ("formula", "a"), ("formula", "b")]


CHART = f"""<c:chartSpace {SPACES}><c:chart><c:title>
<c:tx><c:rich><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:rich></c:tx></c:title><c:plotArea><c:barChart>{{}}</c:barChart></c:plotArea></c:chart></c:chartSpace>"""


def series(name: str, categories: dict[int, str], values: dict[int, str], *, kind: str = "cat") -> str:
    """Return a series of a chart."""

    def points(found: dict[int, str]) -> str:
        return "".join(f'<c:pt idx="{place}"><c:v>{text}</c:v></c:pt>' for place, text in found.items())

    value = "val" if kind == "cat" else "yVal"
    return (
        f"<c:ser><c:tx><c:strRef><c:strCache>{points({0: name})}</c:strCache></c:strRef></c:tx>"
        f"<c:{kind}><c:strRef><c:strCache>{points(categories)}</c:strCache></c:strRef></c:{kind}>"
        f"<c:{value}><c:numRef><c:numCache>{points(values)}</c:numCache></c:numRef></c:{value}></c:ser>"
    )


def read_chart(inner: str) -> list[list[str]]:
    """Return the table of a chart in a Word document."""
    body = f'{paragraph("Before.")}<w:p><w:r><w:drawing><c:chart r:id="chart"/></w:drawing></w:r></w:p>'
    data = make_word(body, relations={"chart": ("chart", "charts/chart1.xml")})
    document = read(edit(data, {"word/charts/chart1.xml": CHART.format(inner).encode()}))
    assert outline(document)[:2] == [("paragraph", "Before."), ("paragraph", "Sales")]
    return cells(document)


def test_a_chart_is_a_table_of_its_numbers() -> None:
    """A value that is missing leaves its cell empty."""
    quarters = {0: "Q1", 1: "Q2"}
    assert read_chart(series("Oak", quarters, {0: "1", 1: "2.5"}) + series("Elm", quarters, {1: "4"})) == [
        ["", "Oak", "Elm"],
        ["Q1", "1", ""],
        ["Q2", "2.5", "4"],
    ]


def test_points_with_places_of_their_own_have_a_column_each() -> None:
    """As in a scatter plot of two series."""
    one = series("A", {0: "0.1", 1: "0.2"}, {0: "1", 1: "2"}, kind="xVal")
    assert read_chart(one + series("B", {0: "7"}, {0: "8"}, kind="xVal")) == [
        ["", "A", "", "B"],
        ["0.1", "1", "7", "8"],
        ["0.2", "2", "", ""],
    ]


def test_categories_in_levels_are_joined() -> None:
    """The outer one stands once in the file, where it begins."""
    levels = (
        '<c:lvl><c:pt idx="0"><c:v>Q1</c:v></c:pt><c:pt idx="1"><c:v>Q2</c:v></c:pt></c:lvl>'
        '<c:lvl><c:pt idx="0"><c:v>2025</c:v></c:pt></c:lvl>'
    )
    inner = series("A", {}, {0: "1", 1: "2"}).replace(
        "<c:strCache></c:strCache>", f"<c:multiLvlStrCache>{levels}</c:multiLvlStrCache>"
    )
    assert read_chart(inner) == [["", "A"], ["2025 Q1", "1"], ["2025 Q2", "2"]]


def test_dates_of_a_chart_are_dates() -> None:
    """The file has days since 1899 and a format for them; other numbers stay what they are."""
    dates = series("A", {0: "45658", 1: "45658.5", 2: "x"}, {0: "45658"})
    with_format = dates.replace(
        '<c:strCache><c:pt idx="0"><c:v>45658',
        '<c:strCache><c:formatCode>d/m/yy</c:formatCode><c:pt idx="0"><c:v>45658',
    )
    assert read_chart(with_format) == [
        ["", "A"],
        ["2025-01-01", "45658"],
        ["2025-01-01 12:00:00", ""],
        ["x", ""],
    ]


def test_a_chart_that_is_missing_is_told() -> None:
    """The rest of the document is read."""
    body = f'<w:p><w:r><w:drawing><c:chart r:id="none"/></w:drawing></w:r></w:p>{paragraph("After.")}'
    document = read(make_word(body))
    assert document.text == "After.\n\n"
    assert told(document) == ["damaged: a chart of the file is missing: 'none' leads nowhere"]


def test_a_diagram_is_a_list_nested_as_its_shapes_are() -> None:
    """In the order of their links; one that stands in a circle is read once."""

    def point(name: str, kind: str = "node") -> str:
        return f'<dgm:pt modelId="{name}" type="{kind}"><dgm:t><a:p><a:r><a:t>{name}</a:t></a:r></a:p></dgm:t></dgm:pt>'

    def link(source: str, target: str, order: int) -> str:
        return f'<dgm:cxn srcId="{source}" destId="{target}" srcOrd="{order}"/>'

    data = (
        f'<dgm:dataModel {SPACES}><dgm:ptLst><dgm:pt modelId="0" type="doc"/>{point("b")}{point("a")}{point("c")}'
        f"{point('x', 'parTrans')}{point('loop')}</dgm:ptLst><dgm:cxnLst>{link('0', 'a', 0)}{link('0', 'b', 1)}"
        f"{link('a', 'c', 0)}{link('loop', 'loop', 0)}</dgm:cxnLst></dgm:dataModel>"
    )
    body = '<w:p><w:r><w:drawing><dgm:relIds r:dm="data"/></w:drawing></w:r></w:p>'
    made = make_word(body, relations={"data": ("diagramData", "diagrams/data1.xml")})
    document = read(edit(made, {"word/diagrams/data1.xml": data.encode()}))
    assert [
        (text, block.indent) for (_, text), block in zip(outline(document), document.blocks, strict=True)
    ] == [
        ("• a", 0),
        ("• c", 1),
        ("• b", 0),
        ("• loop", 0),
    ]
