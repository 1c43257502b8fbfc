"""`search_style`: try styles, keep what came of each, breed better ones, until nothing improves or the budget is spent.

Everything that happens follows from the seed, the answers and the language model's replies, and those are kept: a
search that was killed goes on to the same end, and asks nothing twice. Knows what a caller may give, and the folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from glyph_memory.checks import check_whole
from glyph_memory.documents.bulk.lock import hold_folder
from glyph_memory.readers import Reader
from glyph_memory.style import GLYPH_MARK, PageStyle
from glyph_memory.training.pages import StyleDistribution, find_clash
from glyph_memory.training.samples import TrainingError
from glyph_memory.training.style_search.exam import Exam
from glyph_memory.training.style_search.examiner import Examiner
from glyph_memory.training.style_search.front import Aim
from glyph_memory.training.style_search.genes import (
    StyleRule,
    StyleSource,
    StyleSpace,
    list_genes,
    name_style,
)
from glyph_memory.training.style_search.log import SEARCH, SearchLog
from glyph_memory.training.style_search.outcome import SearchProgress, SearchReport
from glyph_memory.training.style_search.plan import SearchBudget, SearchPlan
from glyph_memory.training.style_search.proposing import Proposer
from glyph_memory.training.style_search.searching import FRESH, Search


def search_style(
    exam: Exam,
    *,
    out: str | Path,
    fresh: Exam | None = None,
    aim: Aim | None = None,
    llm: Reader | None = None,
    source: StyleSource | None = None,
    start: Iterable[PageStyle] = (),
    rule: StyleRule | None = find_clash,
    snap_px: int = 28,
    newline_mark: str = GLYPH_MARK,
    budget: SearchBudget | None = None,
    plan: SearchPlan | None = None,
    max_concurrent: int = 1,
    progress: Callable[[SearchProgress], None] | None = None,
) -> SearchReport:
    """Search for the style that a reader reads best: the front of accuracy against ρ, and one style of it.

    A first generation comes from the distribution that page data is drawn from. Then a language model, where one is
    given, is shown what was tried, and proposes styles as JSON; whatever it leaves of a generation is bred: parents of
    the front are crossed and changed. All styles are asked the same questions in the same order, and one that is
    clearly worse is not asked all of them. The best of many owes a part of its score to luck, so the style that is
    taken is one that fresh questions confirm.

    Args:
        exam: What styles are judged by.
        out: The folder of the search. The same call goes on with what is in it, and asks nothing twice.
        fresh: Other questions, as `TaskExam.make_fresh` gives them, for the styles that would be taken; they steer
            nothing else. Without them the pick is not confirmed, and the report says so.
        aim: Which style is taken; the densest with an accuracy of 0.95 unless given.
        llm: A language model that proposes styles. Where it is down, styles are bred without it, and a warning says so.
        source: Where first styles come from; the distribution of page data unless given.
        start: Styles that are tried first, such as the one in use.
        rule: Says what may not be combined; the rules of page data unless given.
        snap_px: Of pages' sides, as `ModelProfile.snap_px`.
        newline_mark: The mark for line breaks that the model knows, as `ModelProfile.newline_mark`.
        budget: When the search ends; after 60 styles unless given.
        plan: How many styles a generation has, and the seed.
        max_concurrent: How many questions are asked at a time.
        progress: Called after each style.

    Raises:
        TrainingError: Nothing can be drawn, the reader takes no pages, no style has a right answer, or the folder is of
            another search.
        GlyphMemoryError: The folder is held by another search, or cannot be written.
    """
    check_whole("max_concurrent", max_concurrent, TrainingError, at_least=1)
    if exam.size < 1:
        raise TrainingError("the exam has no question; give one that has")
    aim, plan, budget = aim or Aim(floor=0.95), plan or SearchPlan(), budget or SearchBudget()
    space = StyleSpace(genes=list_genes(newline_mark), snap_px=snap_px, rule=rule)
    folder, given = Path(out), tuple(start)
    settings = {
        **exam.settings,
        **({f"fresh {name}": value for name, value in fresh.settings.items()} if fresh is not None else {}),
        "aim": aim.name,
        "first": plan.first,
        "each": plan.each,
        "seed": plan.seed,
        "snap_px": snap_px,
        "newline mark": newline_mark,
        "given": [name_style(style) for style in given],
        "language model": llm is not None,
    }
    with hold_folder(folder, (SEARCH,)):
        log = SearchLog(folder, settings)
        try:
            kept = budget.count_fresh(exam.size) if fresh is not None else 0
            search = Search(
                examiner=Examiner(
                    exam, log, aim=aim, max_concurrent=max_concurrent,
                    budget=None if budget.questions is None else budget.questions - kept,
                ),
                fresh=None if fresh is None else Examiner(
                    fresh, log, aim=aim, max_concurrent=max_concurrent, budget=None, mark=FRESH
                ),
                kept_questions=kept,
                proposer=Proposer(
                    llm, log=log, space=space, aim=aim, marks=tuple(dict.fromkeys(("", newline_mark, "⏎")))
                ),
                log=log, space=space, aim=aim, plan=plan, budget=budget, given=given,
                source=source or StyleDistribution.default(), progress=progress, settings=settings,
            )  # fmt: skip
            return search.run()
        finally:
            log.close()
