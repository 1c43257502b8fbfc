"""Each benchmark: what a record of its published format asks, and what answers to it are worth."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from glyph_memory.errors import BadReading, DocumentError
from glyph_memory.evaluate.tasks import BENCHMARKS, Sample, Task
from glyph_memory.evaluate.tasks.benchmarks import words
from glyph_memory.readers import Reading
from glyph_memory.testing import ScriptedReader
from tests.documents.drawn_pdf import write_pdf
from tests.evaluate.tasks.benchmarks import files
from tests.evaluate.tasks.benchmarks.files import Fields, take_all, write_lines, write_list

WRONG = "silently wrong"
WRITERS = {
    "longbench": files.longbench, "longbench-v2": files.longbench_v2, "longmemeval": files.longmemeval,
    "locomo": files.locomo, "beam": files.beam, "mrcr": files.mrcr, "vtcbench": files.vtcbench,
    "mmlongbench-doc": files.mmlongbench,
}  # fmt: skip


def take(
    benchmark: str, folder: Path, judge: ScriptedReader | None = None, **fields: Any
) -> tuple[Task, Sample]:
    """Return the task and the first sample of one record."""
    path = write_lines(folder / "memory.jsonl", [WRITERS[benchmark](**fields)])
    task, (sample, *_) = take_all(f"{benchmark}:{path}", judge=judge)
    return task, sample


def test_every_benchmark_says_where_it_is_had_and_on_what_terms() -> None:
    """Two of them may not be used to earn money; nobody has to guess."""
    assert set(BENCHMARKS) == set(WRITERS)
    assert all(one.address.startswith("https://") and one.licence and one.file for one in BENCHMARKS.values())
    assert {name for name, one in BENCHMARKS.items() if "NC" in one.licence} == {
        "locomo",
        "vtcbench",
        "mmlongbench-doc",
    }


def test_another_rubric_is_another_sample(tmp_path: Path) -> None:
    """A file of another version is asked anew, also where only what is right has changed."""
    asked = {"question": "Where?", "answer": "Oslo"}
    ids = {
        take("beam", tmp_path, probing_questions={"information_extraction": [asked | {"rubric": [rubric]}]})[
            1
        ].id
        for rubric in ("It says Oslo.", "It says Bergen.")
    }
    assert len(ids) == 2


def test_a_judge_that_was_cut_off_has_said_nothing(tmp_path: Path) -> None:
    """What it thinks aloud has a yes in it, and is no verdict."""
    judge = ScriptedReader([Reading(text="Let us see whether to say yes", finish_reason="length")])
    task, sample = take("longmemeval", tmp_path, judge)
    with pytest.raises(BadReading, match="the judge was cut off after 'Let us see"):
        task.judge(sample, "Pears.")


@pytest.mark.parametrize("called", list(WRITERS))
def test_a_sample_says_whose_it_is_and_every_outcome_can_be_had(tmp_path: Path, called: str) -> None:
    """Correct, abstained and silently wrong, beside the score."""
    write_pdf(tmp_path / "timber.pdf")
    path = write_lines(tmp_path / "retrieval.jsonl", [WRITERS[called]()])
    task, samples = take_all(f"{called}:{path}")
    sample = next(one for one in samples if one.answers)
    assert sample.id.startswith(f"{called}/100000/")
    assert bool(sample.document) != bool(sample.turns)
    assert BENCHMARKS[called].licence in task.source == sample.more["texts"]
    right = " and ".join(sample.answers) if called == "vtcbench" else sample.answers[0]
    right = {"longbench-v2": "The correct answer is (C).", "beam": "The sprint ends on March 29."}.get(
        called, right
    )
    assert task.judge(sample, right).outcome == "correct"
    assert task.judge(sample, "It is not stated.").outcome == "abstained"
    wrong = task.judge(sample, "Seven blue zebras.")
    assert (wrong.outcome, wrong.score) == ("silently wrong", 0.0)


@pytest.mark.parametrize(
    ("fields", "answer", "score", "outcome"),
    [
        # The best of two right answers; 1 of 2 words right, 1 of 2 found.
        ({}, "The mill, Oslo", 0.5, "correct"),
        ({}, "Somewhere near Oslo I believe", 2 / 7, "silently wrong"),
        # Two words of six are right, and both in a row: long, and no less right.
        ({}, "As I said: it is in Oslo", 4 / 9, "correct"),
        ({}, "It is unknown whether it is in Oslo", 0.4, "abstained"),
        ({"dataset": "hotpotqa_e"}, "Oslo, Norway", 1.0, "correct"),
        ({"dataset": "qasper", "answers": ["unanswerable"]}, "It is not stated.", 1.0, "correct"),
        ({"dataset": "qasper", "answers": ["unanswerable"]}, "Oslo", 0.0, "silently wrong"),
        ({"dataset": "trec", "answers": ["City"], "all_classes": ["City", "Date"]}, "\nCity\nDate", 1.0, "correct"),
        ({"dataset": "trec", "answers": ["City"], "all_classes": ["City", "Date"]}, "City, Date", 0.5, WRONG),
        ({"dataset": "passage_count", "answers": ["7"]}, "7", 1.0, "correct"),
        ({"dataset": "passage_count", "answers": ["7"]}, "7 or 8", 0.5, "silently wrong"),
        ({"dataset": "passage_retrieval_en", "answers": ["Paragraph 15"]}, "Paragraph 15", 1.0, "correct"),
        ({"dataset": "passage_retrieval_zh", "answers": ["段落15"]}, "段落15", 1.0, "correct"),
        ({"dataset": "lcc", "answers": ["return 1"]}, "return 1", 1.0, "correct"),
        ({"dataset": "gov_report", "answers": ["the cat sat on the mat"]}, "the cat sat", 0.75, "correct"),
        ({"dataset": "vcsum", "answers": ["北京"]}, "北京", 1.0, "correct"),
    ],
)  # fmt: skip
def test_longbench_scores_each_data_set_by_its_own_metric(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: Fields, answer: str, score: float, outcome: str
) -> None:
    """As published; whether that is correct is our line."""
    monkeypatch.setattr(words, "_find_cutter", lambda: None)
    task, sample = take("longbench", tmp_path, **fields)
    judged = task.judge(sample, answer)
    assert judged.score == pytest.approx(score)
    assert judged.outcome == outcome


def test_longbench_refuses_a_data_set_that_it_does_not_have(tmp_path: Path) -> None:
    """As of a later version."""
    with pytest.raises(
        DocumentError, match=r"^line 1 .* is of the data set 'nq', which LongBench v1 does not have"
    ):
        take("longbench", tmp_path, dataset="nq")


@pytest.mark.parametrize(
    ("answer", "is_right"),
    [
        ("The correct answer is (C).", True),
        ("**The correct answer is (C)**", True),
        ("The correct answer is C", True),
        ("The correct answer is (B), not (C)", False),
        ("(C)", False),
        ("the correct answer is (C)", False),
    ],
)
def test_longbench_v2_reads_the_letter_in_its_own_form_alone(
    tmp_path: Path, answer: str, is_right: bool
) -> None:
    """As it is published, without mercy."""
    task, sample = take("longbench-v2", tmp_path)
    assert "(A) Ada\n(B) Bruno\n(C) Carla\n(D) Dora\n" in sample.question
    assert task.judge(sample, answer).score == float(is_right)


def test_longmemeval_shows_sessions_by_their_dates(tmp_path: Path) -> None:
    """Each with its date, and the question with its own."""
    _, sample = take("longmemeval", tmp_path)
    assert [turn.text for turn in sample.turns] == [
        "[2023/05/20 (Sat) 02:21]\nI planted two apple trees.", "Good.", "[2023/05/22 (Mon) 09:00]\nLater.", "Fine.",
    ]  # fmt: skip
    assert [turn.role for turn in sample.turns] == ["user", "assistant"] * 2
    assert sample.question == "Today is 2023/06/01 (Thu) 10:00. What did I plant?"


def test_longmemeval_without_a_judge_has_a_stand_in_that_says_so(tmp_path: Path) -> None:
    """Questions about preferences take a judge, and are left out and counted."""
    rows = [
        files.longmemeval(),
        files.longmemeval(question_id="e47_abs"),
        files.longmemeval(question_id="p", question_type="single-session-preference"),
    ]
    path = write_list(tmp_path / "longmemeval_s.json", rows)
    task, samples = take_all(f"longmemeval:{path}")
    by_kind = {one.kind: one for one in samples}
    assert set(by_kind) == {"single-session-user", "abstention"}
    assert "no published score" in by_kind["abstention"].more["scorer"]
    assert task.left_out.startswith(
        "1 sample of 'longmemeval:longmemeval_s.json' left out, which a model alone can judge"
    )
    assert task.judge(by_kind["single-session-user"], "You planted two apple trees.").outcome == "correct"
    assert task.judge(by_kind["single-session-user"], "Some trees.").outcome == "silently wrong"
    assert task.judge(by_kind["abstention"], "It was not mentioned.").outcome == "correct"
    assert task.judge(by_kind["abstention"], "Two apple trees.").outcome == "silently wrong"
    with pytest.raises(DocumentError, match="a model alone can judge"):
        take_all(f"longmemeval:{path}#single-session-preference")


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({}, "has only a part"),
        ({"question_type": "temporal-reasoning"}, "off by one"),
        ({"question_type": "knowledge-update"}, "which is the latest"),
        ({"question_type": "single-session-preference"}, "need not meet every point"),
        ({"question_id": "e47_abs", "question_type": "temporal-reasoning"}, "cannot be answered"),
    ],
)
def test_longmemeval_asks_its_judge_by_the_rule_of_the_question(
    tmp_path: Path, fields: Fields, rule: str
) -> None:
    """And takes a yes for 1."""
    judge = ScriptedReader(["Yes.", "no", "No", "Maybe"])
    task, sample = take("longmemeval", tmp_path, judge, **fields)
    judged = task.judge(sample, "Apple trees, two of them.")
    assert (judged.outcome, judged.score) == ("correct", 1.0)
    (asked,) = [message.text for message in judge.contexts[0].messages]
    assert rule in asked
    assert "Response: Apple trees, two of them." in asked
    assert "Right answer: two apple trees" in asked
    assert task.judge(sample, "Pears.").outcome == "silently wrong"
    is_told = bool(sample.answers)
    assert task.judge(sample, "It is not stated.").outcome == ("abstained" if is_told else "silently wrong")
    with pytest.raises(BadReading, match="asked for yes or no and said 'Maybe'"):
        task.judge(sample, "Pears.")


def test_locomo_shows_sessions_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """Session 10 comes last, with dates, and captions in place of pictures."""
    _, sample = take("locomo", tmp_path)
    assert sample.document == (
        "1:56 pm on 8 May, 2023\nAda: I paint, and I run.\nBruno: Look! [shares a picture: a red kite]\n\n"
        "2:00 pm on 9 June, 2023\nBruno: In between.\n\n9:00 am on 1 July, 2023\nAda: Last words."
    )


@pytest.mark.parametrize(
    ("category", "answer", "score", "outcome"),
    [
        ("multi-hop", "She runs", 0.5 * (2 / 3), "silently wrong"),  # one of two parts, with "she" beside it
        ("multi-hop", "paints, runs", 1.0, "correct"),
        # The better of two parts has one stem of nine for each of the right ones, and both are there.
        (
            "multi-hop",
            "As far as I know, she goes painting at home and goes running in parks",
            1 / 5,
            "correct",
        ),
        ("temporal", "On 8 May", 2 / 3, "correct"),
        ("open-domain", "likely yes", 1.0, "correct"),  # what stands behind the ; explains
        ("single-hop", "1", 1.0, "correct"),
        ("adversarial", "No information available", 1.0, "correct"),
        ("adversarial", "It is not stated.", 1.0, "correct"),
        ("adversarial", "Opera", 0.0, "silently wrong"),
    ],
)
def test_locomo_scores_by_category(
    tmp_path: Path, category: str, answer: str, score: float, outcome: str
) -> None:
    """F1 of stems, but for what cannot be answered."""
    path = write_list(tmp_path / "locomo10.json", [files.locomo()])
    task, (sample,) = take_all(f"locomo:{path}#{category}")
    judged = task.judge(sample, answer)
    assert judged.score == pytest.approx(score)
    assert judged.outcome == outcome


def test_beam_is_judged_point_by_point(tmp_path: Path) -> None:
    """The score is the mean; a judge may write JSON, or the number alone."""
    judge = ScriptedReader(
        ['{"score": 1.0, "reason": "it does"}', "0.5", '```json\n{"score": 0}\n```', "0", "0", "0.7"]
    )
    path = write_lines(tmp_path / "beam.jsonl", [files.beam()])
    task, samples = take_all(f"beam:{path}", judge=judge)
    assert {one.kind for one in samples} == {"abstention", "information_extraction", "summarization"}
    (sample,) = [one for one in samples if one.kind == "information_extraction"]
    judged = task.judge(sample, "In late March.")
    assert (judged.outcome, judged.score) == ("correct", 0.75)
    assert "Point: LLM response should state: the sprint" in judge.contexts[1].messages[0].text
    assert task.judge(sample, "I cannot say.").outcome == "abstained"
    (sample,) = [one for one in samples if one.kind == "abstention"]
    assert task.judge(sample, "It is 12.").outcome == "silently wrong"
    with pytest.raises(BadReading, match=r"asked for .* and said '0\.7'"):
        task.judge(sample, "It is 12.")


@pytest.mark.parametrize("spell", [json.dumps, repr])
def test_beam_is_read_from_its_data_set_and_from_its_repository(tmp_path: Path, spell: Any) -> None:
    """Where the questions are a text of Python or JSON, or a file beside the chat."""
    row = files.beam()
    path = write_lines(
        tmp_path / "beam.jsonl", [{**row, "probing_questions": spell(row["probing_questions"])}]
    )
    for name in ("1", "2"):
        folder = tmp_path / "100K" / name
        (folder / "probing_questions").mkdir(parents=True)
        batches = [{"batch_number": 1, "turns": row["chat"]}]
        (folder / "chat.json").write_text(json.dumps(batches))
        (folder / "probing_questions" / "probing_questions.json").write_text(
            json.dumps(row["probing_questions"])
        )
    expected = [one.turns for one in take_all(f"beam:{path}")[1]]
    assert [turn.text for turn in expected[0]] == [
        "[March-15-2024]\nMy sprint ends on March 29.",
        "Noted.",
        "Thanks.",
    ]
    assert [one.turns for one in take_all(f"beam:{tmp_path / '100K' / '1'}")[1]] == expected
    assert len(take_all(f"beam:{tmp_path / '100K'}")[1]) == 4
    (tmp_path / "100K" / "2" / "probing_questions" / "probing_questions.json").unlink()
    with pytest.raises(DocumentError, match=r"probing_questions\.json' cannot be opened"):
        take_all(f"beam:{tmp_path / '100K'}")
    with pytest.raises(DocumentError, match=r"has no chat\.json, and no folder with one"):
        take_all(f"beam:{tmp_path / '100K' / '1' / 'probing_questions'}")


def test_mrcr_asks_what_its_file_asks(tmp_path: Path) -> None:
    """0 without the code in front; a ratio behind it: 2 × 13 of 14 + 14 letters."""
    task, sample = take("mrcr", tmp_path)
    assert sample.question.startswith("Prepend aYooSG8CQg to the 2nd")
    assert [turn.role for turn in sample.turns] == ["user", "assistant"] * 2
    assert task.judge(sample, "aYooSG8CQgSecond tapirs!").score == pytest.approx(2 * 13 / 28)
    assert task.judge(sample, "Second tapirs.").score == 0.0
    with pytest.raises(DocumentError, match="field 'prompt'"):
        take("mrcr", tmp_path, prompt="[1]")


@pytest.mark.parametrize(
    ("name", "answer", "score"),
    [
        ("Retrieval.jsonl", "17 and 18", 1.0),
        ("Reasoning.jsonl", "<think>18</think> It is 17.", 0.5),
        ("Memory.jsonl", "17", 1.0),
        ("any.jsonl#memory", "17 and 18", 0.5),
    ],
)
def test_vtcbench_scores_by_its_part(tmp_path: Path, name: str, answer: str, score: float) -> None:
    """The share that is contained, as its own examples have it; ROUGE-L for memory."""
    write_lines(tmp_path / name.split("#", maxsplit=1)[0], [files.vtcbench()])
    task, (sample,) = take_all(f"vtcbench:{tmp_path / name}")
    assert sample.document == "One is 17.\nThe other & last is 18, as 1 < 2."
    assert task.judge(sample, answer).score == score
    assert task.judge(sample, "If I remember well what was asked, they are 17 and 18.").outcome == "correct"


def test_vtcbench_has_to_know_its_part(tmp_path: Path) -> None:
    """Which tells how it is scored."""
    path = write_lines(tmp_path / "rows.jsonl", [files.vtcbench()])
    with pytest.raises(DocumentError, match="add #retrieval, #reasoning or #memory"):
        take_all(f"vtcbench:{path}")


def test_mmlongbench_asks_about_the_text_of_its_pdf_files(tmp_path: Path) -> None:
    """Beside the file or in documents/; the last line of an answer is its short one."""
    path = write_list(tmp_path / "samples.json", [files.mmlongbench()])
    with pytest.raises(DocumentError, match=r"asks about 'timber\.pdf', which is neither in .*documents"):
        take_all(f"mmlongbench-doc:{path}")
    (tmp_path / "documents").mkdir()
    write_pdf(tmp_path / "documents" / "timber.pdf")
    task, (sample,) = take_all(f"mmlongbench-doc:{path}")
    assert "oak\t12.50" in sample.document
    assert task.judge(sample, "Let me see: oak, ash.\nAnswer: 12.5").outcome == "correct"
    assert task.judge(sample, "12.5 is what\nAnswer: 7").outcome == "silently wrong"
    with pytest.raises(DocumentError, match="no name of a file"):
        take("mmlongbench-doc", tmp_path, doc_id="../secret.pdf")


def test_mmlongbench_does_not_betray_what_cannot_be_answered(tmp_path: Path) -> None:
    """Such a question reads like any other; only who says so is right."""
    write_pdf(tmp_path / "timber.pdf")
    rows = [
        files.mmlongbench(answer="Not answerable", answer_format="None"),
        files.mmlongbench(question="Which wood?", answer="oak", answer_format="Str"),
    ]
    path = write_list(tmp_path / "samples.json", rows)
    task, samples = take_all(f"mmlongbench-doc:{path}")
    told, untold = sorted(samples, key=lambda one: not one.answers)
    assert told.question.split("\n")[1] == untold.question.split("\n")[1]
    for answer in ("Not answerable.", "It is not stated."):
        judged = task.judge(untold, answer)
        assert (judged.outcome, judged.score) == ("correct", 1.0)
    assert task.judge(untold, "12.50").outcome == "silently wrong"


def test_mmlongbench_has_a_judge_take_the_short_answer_out(tmp_path: Path) -> None:
    """Which is scored by the published rules."""
    write_pdf(tmp_path / "timber.pdf")
    judge = ScriptedReader(["Short answer: 12.50", "short answer: Not answerable"])
    task, sample = take("mmlongbench-doc", tmp_path, judge)
    assert task.judge(sample, "Oak is at twelve and a half euros.").outcome == "correct"
    assert "Long answer: Oak is at twelve" in judge.contexts[0].messages[0].text
    assert task.judge(sample, "I see nothing of that.").outcome == "abstained"


@pytest.mark.parametrize(
    ("called", "fields", "said"),
    [
        ("longbench", {"answers": []}, "'answers' is [] and no list with an answer"),
        ("longbench", {"answers": 7}, "'answers' is 7 and no list of texts"),
        ("longbench-v2", {"answer": "E"}, "'answer' is 'E' and no letter from A to D"),
        ("longmemeval", {"question_type": "two_hop"}, "'question_type' is 'two_hop' and no type of question"),
        ("longmemeval", {"haystack_dates": ["2023"]}, "no list of a date for each session"),
        ("longmemeval", {"haystack_sessions": [[{"role": "tool", "content": "x"}], []]}, "'role' is 'tool'"),
        ("locomo", {"qa": [{"question": "?", "answer": "x", "category": 6}]}, "'category' is 6"),
        ("locomo", {"qa": [{"question": "?", "category": 1}]}, "has no field 'answer'"),
        ("locomo", {"conversation": {"speaker_a": "A", "speaker_b": "B"}}, "'session_1' is None"),
        ("beam", {"chat": []}, "'chat' is [] and no conversation with turns"),
        ("beam", {"probing_questions": "{1"}, "no object, as JSON or as Python writes it"),
        (
            "beam",
            {"probing_questions": {"magic": [{"question": "?", "rubric": ["x"]}]}},
            "'magic' and no ability",
        ),
        ("mrcr", {"answer": "Second tapirs."}, "no text behind its code"),
        ("mrcr", {"n_needles": "two"}, "'n_needles' is 'two' and no whole number"),
        ("vtcbench", {"_context": None}, "'_context' is None and no text"),
        ("mmlongbench-doc", {"answer_format": "Dict"}, "'answer_format' is 'Dict' and no format"),
    ],
)
def test_a_field_that_is_something_else_is_told_with_its_line(
    tmp_path: Path, called: str, fields: Fields, said: str
) -> None:
    """Before anything is asked."""
    with pytest.raises(DocumentError, match=re.escape(said)) as refused:
        take(called, tmp_path, **fields)
    assert "line 1 of 'memory.jsonl'" in str(refused.value)
