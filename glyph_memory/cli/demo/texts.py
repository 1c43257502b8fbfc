"""`glyph-memory demo`: two long texts that are there on every machine as pages, remembered and asked about."""

from __future__ import annotations

from pathlib import Path
from pydoc_data import topics

from rich.text import Text

from glyph_memory.cli import files, terminal
from glyph_memory.cli.demo import memory as demo_memory
from glyph_memory.cli.demo import questions as demo_questions
from glyph_memory.cli.look import Look, load_fonts
from glyph_memory.document import Document
from glyph_memory.errors import ReaderError
from glyph_memory.memory import GlyphMemory
from glyph_memory.report import AnswersSection, ContactSheet, Plate, Section, Tally, report_html
from glyph_memory.report.parts import HtmlSection
from glyph_memory.testing import agent_conversation
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Transcript
from glyph_memory.typesetting import iter_pages

_DEFAULT, _LINES = Look(), Look(style="glyph")
"""What a memory draws unless told otherwise, and for comparison each line of the text on a line of its own."""
_PLATES = 6
"""Pages of each text in the report, so that it opens at once."""
_TURNS = 1000


def run(out: Path, *, as_json: bool) -> None:
    """Typeset each text as by default and line for line, fold the conversation, print the figures, write the report."""
    files.make_folder(out)  # before all the work
    profile = ModelProfile.from_name("glyph")
    reference = Document(text="\n\n".join(topics.topics.values()), title="Python's language reference")
    talk = agent_conversation(turns=_TURNS)
    sheet = ContactSheet()
    sections = [
        _section(f"{title}, {how}", source, look, profile, sheet)
        for title, source in (
            (reference.title, reference),
            (f"An agent's work, {_TURNS:,} turns", talk),
        )
        for how, look in (("by default", _DEFAULT), ("line for line", _LINES))
    ]
    memory = demo_memory.remember(talk, out / "demo.db")
    answers = _answers(reference, memory.path, profile)
    report, overview = out / "demo.html", out / "demo.png"
    parts: list[HtmlSection] = [*sections, memory.section, *([answers] if answers else [])]
    files.write(report, report_html("Old text as pages", parts, note=_NOTE))
    files.write(overview, sheet.png())
    written = {"report": report, "sheet": overview, "memory": memory.path}
    if as_json:
        texts = [{"text": section.title} | section.figures.to_json() for section in sections]
        places = {name: str(path) for name, path in written.items()}
        terminal.print_json(
            {
                "texts": texts,
                "memory": memory.section.report.to_json(),
                "answers": demo_questions.to_json(answers) if answers else [],
                "written": places,
            }
        )
        return
    screen = terminal.console()
    screen.print(terminal.figures_table([(section.title, section.figures) for section in sections]))
    screen.print(Text(terminal.describe_counting(sections[0].figures), "dim"))
    screen.print(Text(_LAYOUT, "dim"))
    memory.show()
    if answers:
        demo_questions.show(answers)
    screen.print()
    screen.print(
        Text(
            f"The pages to look at: {terminal.escape_line(str(report))}; all of them at a glance: "
            f"{terminal.escape_line(str(overview))}"
        ),
        soft_wrap=True,
    )


_LAYOUT = (
    "By default the layout that costs least is chosen for each text, with letters of the same size: where lines run "
    "together, each line break is a small red mark."
)
_NOTE = (
    "What agents said and read long ago, typeset for a vision-language model: the same characters for fewer "
    "tokens. Nothing is summed up, nothing is left out."
)


def _answers(reference: Document, path: Path, profile: ModelProfile) -> AnswersSection | None:
    """Return answers about both texts; None, with a warning, where the reader lacks its weights."""
    pages = demo_questions.take_first(
        iter_pages(reference, style=Look().build_style(profile)), demo_questions.REFERENCE_PAGES
    )
    with GlyphMemory.open(path, session=demo_memory.SESSION) as memory:
        remembered = demo_questions.take_first(memory.pages(), demo_questions.MEMORY_PAGES)
    try:
        return demo_questions.ask(pages, remembered)
    except ReaderError as error:
        terminal.warn(str(error))
        return None


def _section(
    title: str, source: Document | Transcript, look: Look, profile: ModelProfile, sheet: ContactSheet
) -> Section:
    style = look.build_style(profile)
    load_fonts(style)
    tally, plates = Tally(profile=profile, style=look.name), list[Plate]()
    length = len(source.text) if isinstance(source, Document) else None
    with terminal.progress(title, total=length) as step:
        for page in tally.watch(iter_pages(source, style=style)):
            sheet.add(page)
            if len(plates) < _PLATES:
                plates.append(Plate.of(page))
            step(len(page.text))
    return Section(title=title, figures=tally.figures(), plates=plates)
