"""What stands beside and below each other in a PDF: prose, columns and tables are told apart by their gaps."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from reportlab.pdfgen.canvas import Canvas

from tests.documents.make_pdfs import SENTENCE, draw_pdf, split_lines, write, write_columns
from tests.documents.test_pdf import list_blocks, list_cells, messages, read

WOODS = (
    "drying oak moisture gradient measured across samples temperature significant coefficient boards result"
)


def write_rows(
    pen: Canvas,
    top: float,
    columns: tuple[float, ...],
    rows: Sequence[tuple[str, ...]],
    *,
    step: float = 12.0,
) -> None:
    """Write a table without rules."""
    pen.setFont("Helvetica", 10)
    for number, row in enumerate(rows):
        for x, cell in zip(columns, row, strict=True):
            pen.drawString(x, top - step * number, cell)


def test_justified_lines_of_a_narrow_column_are_prose() -> None:
    """Their wide gaps stand below each other by chance, and are as wide as all others of the line."""
    chance = Random(3)
    words = [chance.choice(WOODS.split()) for _ in range(480)]

    def page(pen: Canvas) -> None:
        lines = split_lines(pen, " ".join(words), 150.0)
        for number, line in enumerate(lines[:-1]):
            text = pen.beginText(50 + 175 * (number // 60), 780 - 12 * (number % 60))
            text.setFont("Helvetica", 10)
            gaps = line.count(" ")
            text.setWordSpace((150.0 - pen.stringWidth(line, "Helvetica", 10)) / max(gaps, 1))
            text.textOut(line)
            pen.drawText(text)

    document = read(draw_pdf(page))
    assert {kind for kind, _ in list_blocks(document)} == {"paragraph"}
    assert document.text.split() == words[: len(document.text.split())]
    assert document.defects == ()


def test_two_tables_below_each_other_stay_two() -> None:
    """Their columns differ, however near they are."""
    towns = [("Ann", "Leeds", "31"), ("Bo", "York", "32"), ("Cy", "Hull", "33")]
    woods = [("oak", "dry", "12", "9"), ("ash", "wet", "13", "8"), ("elm", "dry", "14", "7")]
    for gap in (16, 200):

        def page(pen: Canvas, gap: int = gap) -> None:
            write_rows(pen, 740, (60, 300, 500), towns)
            write_rows(pen, 716 - gap, (60, 160, 260, 360), woods)

        document = read(draw_pdf(page))
        assert [list_cells(document, block) for block in document.blocks] == [
            [[*row] for row in towns],
            [[*row] for row in woods],
        ]


def test_an_invoices_head_is_no_part_of_its_items() -> None:
    """A gap lies between them; the sums below have columns of their own."""
    head = [("Alder & Sons", "Invoice", "17"), ("12 Mill Lane", "Date", "May 2"), ("Leeds", "Due", "June 1")]
    items = [
        ("1", "Oak boards, planed, for a long floor", "40", "12.50", "500"),
        ("2", "Ash", "1", "85.00", "85"),
        ("3", "Elm veneer, the first quality we have", "3", "44.00", "132"),
        ("4", "Varnish", "2", "5.00", "10"),
    ]
    sums = [("Subtotal", "727"), ("VAT 20%", "145"), ("Total", "872")]

    def page(pen: Canvas) -> None:
        write_rows(pen, 780, (50, 360, 460), head)
        write_rows(pen, 680, (50, 80, 340, 400, 500), items, step=16)
        write_rows(pen, 590, (370, 500), sums)

    document = read(draw_pdf(page))
    assert [list_cells(document, block) for block in document.blocks] == [
        [[*row] for row in rows] for rows in (head, items, sums)
    ]


def test_a_table_with_a_wider_gap_stays_one() -> None:
    """Its columns go on below the gap."""
    rows = [(f"A{number}", "dry wood", f"{number}0") for number in range(8)]

    def page(pen: Canvas) -> None:
        write_rows(pen, 780, (60, 200, 300), rows[:4], step=14)
        write_rows(pen, 690, (60, 200, 300), rows[4:], step=14)

    document = read(draw_pdf(page))
    assert [list_cells(document, block) for block in document.blocks] == [[[*row] for row in rows]]


SKILLS = [
    "Skills",
    "Python",
    "Rust",
    "German (native)",
    "English (fluent)",
    "",
    "Contact",
    "ann@alder.example",
]


def test_a_sidebar_is_read_before_the_text_beside_it() -> None:
    """Sentences of the text go on from line to line, so that its lines are no cells."""
    lines = ["Experience", "Head of kiln, Alder & Sons, 2019 to 2024. She led nine people",
             "and cut the drying time by a third in two years.",
             "Engineer, Brook GmbH, 2015 to 2019: sensors and their", "calibration, and the reports to the board.",
             "", "Education", "MSc in wood science, Freiburg, 2015."]  # fmt: skip

    def page(pen: Canvas) -> None:
        write_rows(pen, 740, (50, 220), [*zip(SKILLS, lines, strict=True)], step=14)

    document = read(draw_pdf(page))
    assert document.text.split() == " ".join([*SKILLS, *lines]).split()
    assert document.defects == ()


def test_a_sidebar_of_another_pitch_is_read_first_too() -> None:
    """Its lines stand on other baselines than those of the text."""

    def page(pen: Canvas) -> None:
        write_rows(pen, 740, (50,), [(line,) for line in SKILLS if line], step=17)
        write_rows(pen, 734, (220,), [("Kiln " + str(number),) for number in range(9)], step=12)

    text = read(draw_pdf(page)).text
    assert text.split()[:2] == ["Skills", "Python"]
    assert text.index("ann@alder") < text.index("Kiln 0") < text.index("Kiln 8")


def test_deep_figures_stay_in_their_line() -> None:
    """As word processors set them: half of an em below the line; what follows is near or far, as it is drawn."""

    def page(pen: Canvas) -> None:
        text = pen.beginText(50, 780)
        for line in ("The air has CO|2| and H|2|O.|", "D = D|0| exp(−E|0|/RT), so|", "and much more of it|"):
            for number, part in enumerate(line.split("|")):
                text.setFont("Helvetica", 8 if number % 2 else 10)
                text.setRise(-5 if number % 2 else 0)
                text.textOut(part.replace("−", "-"))
            text.setRise(0)
            text.setFont("Helvetica", 10)
            text.textLine("")
            text.moveCursor(0, 0)
        pen.drawText(text)

    document = read(draw_pdf(page))
    text = " ".join(document.text.split())
    assert text == "The air has CO₂ and H₂O. D = D₀ exp(-E₀/RT), so and much more of it"
    assert document.defects == ()


def test_small_print_below_a_line_is_no_figure_of_it() -> None:
    """It does not follow the line's last letter."""

    def page(pen: Canvas) -> None:
        write(pen, 50, 780, SENTENCE)
        write(pen, 50, 763, "small print", size=6)

    assert [text for _, text in list_blocks(read(draw_pdf(page)))] == [SENTENCE.strip(), "small print"]
    assert messages(read(draw_pdf(page))) == ""


VERSE = ["The sea is calm tonight.", "The tide is full, the moon lies fair",
         "Upon the straits; on the French coast the light", "Gleams and is gone; the cliffs of England stand,",
         "Glimmering and vast, out in the tranquil bay.", "Come to the window, sweet is the night-air!",
         "Only, from the long line of spray", "Where the sea meets the moon-blanched land,"]  # fmt: skip


def test_the_lines_of_a_verse_are_kept() -> None:
    """They end before their column does; prose above and below is joined as ever."""

    def page(pen: Canvas) -> None:
        write_rows(pen, 740, (60,), [(line,) for line in VERSE])
        write(pen, 60, 600, SENTENCE * 3)
        write_rows(
            pen, 500, (60,), [("Alder & Sons Ltd",), ("12 Mill Lane",), ("Leeds LS1 4AB",), ("England",)]
        )

    assert list_blocks(read(draw_pdf(page))) == [
        ("paragraph", "\n".join(VERSE)),
        ("paragraph", (SENTENCE * 3).strip()),
        ("paragraph", "Alder & Sons Ltd\n12 Mill Lane\nLeeds LS1 4AB\nEngland"),
    ]


def test_each_entry_of_a_table_of_contents_is_a_line() -> None:
    """Its page number does not run into the next entry; an entry of two lines is one."""
    titles = ["The first of the chapters", "Of boards", "What the miller saw when he came"]

    def page(pen: Canvas) -> None:
        pen.setFont("Helvetica", 10)
        for number, title in enumerate(titles):
            pen.drawString(
                60, 740 - 14 * number, f"{number + 1}  {title} ".ljust(80, ".") + f" {5 + 9 * number}"
            )
        pen.drawString(60, 698, "4  A long title that goes on, as it does not fit into the line that")
        pen.drawString(60, 684, "it has ".ljust(90, ".") + " 77")

    assert list_blocks(read(draw_pdf(page))) == [
        (
            "paragraph",
            "1 The first of the chapters … 5\n2 Of boards … 14\n3 What the miller saw when he came … 23\n"
            "4 A long title that goes on, as it does not fit into the line that it has … 77",
        )
    ]


def test_short_paragraphs_without_gaps_are_no_verse() -> None:
    """A sentence that goes on, where its line was full, says that they are prose."""
    texts = [
        "name: of the wood.",
        "size: of its boards.",
        "rest: what else there is. " + SENTENCE,
        "It is so.",
    ]

    def page(pen: Canvas) -> None:
        y = 740.0
        for text in texts:
            y = write(pen, 60, y, text, width=380) + 6

    assert [text for _, text in list_blocks(read(draw_pdf(page)))] == [text.strip() for text in texts]


def test_a_line_of_a_bibliography_that_begins_with_an_initial_is_no_item() -> None:
    """Items there are numbered in brackets."""

    def page(pen: Canvas) -> None:
        lines = [
            "[1] A. Writer, The oak boards and their drying over time.",
            "J. Wood 12 (1999).",
            "[2] B. Other, Kilns.",
        ]
        write_rows(pen, 740, (60,), [(line,) for line in lines])

    assert list_blocks(read(draw_pdf(page))) == [
        ("item", "[1] A. Writer, The oak boards and their drying over time. J. Wood 12 (1999)."),
        ("item", "[2] B. Other, Kilns."),
    ]


def test_a_pages_number_between_two_columns_does_not_make_them_a_table() -> None:
    """Above or below them, it stands alone."""
    for y in (50, 800):

        def page(pen: Canvas, y: int = y) -> None:
            write_columns(pen, "Left: " + SENTENCE * 12, "Right: " + SENTENCE * 12, top=730)
            pen.drawCentredString(295, y, "2")

        texts = [text for _, text in list_blocks(read(draw_pdf(page)))]
        columns = [("Left: " + SENTENCE * 12).strip(), ("Right: " + SENTENCE * 12).strip()]
        assert texts == ([*columns, "2"] if y == 50 else ["2", *columns])
