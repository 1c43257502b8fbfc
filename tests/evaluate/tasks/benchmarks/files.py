"""Tiny files in the formats that benchmarks publish, with texts of our own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from glyph_memory import Reader
from glyph_memory.evaluate.tasks import Sample, Task, find_task
from tests.evaluate.tasks.helpers import count_words

Fields = dict[str, Any]


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows as JSON Lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def write_list(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write rows as a JSON list over many lines."""
    path.write_text(json.dumps(list(rows), indent=1, ensure_ascii=False), "utf-8")
    return path


def take_all(
    name: str, *, tokens: int = 100_000, seed: int = 0, judge: Reader | None = None
) -> tuple[Task, list[Sample]]:
    """Return a task and all of its samples."""
    task = find_task(name, judge=judge)
    return task, list(task.samples(tokens=tokens, seed=seed, count=count_words))


def longbench(**fields: Any) -> Fields:
    """Return a row of LongBench."""
    row: Fields = {
        "input": "Where is the mill?",
        "context": "The mill is in Oslo. It was built in 1904.",
        "answers": ["in Oslo", "Oslo, Norway"],
        "length": 9,
        "dataset": "hotpotqa",
        "language": "en",
        "all_classes": None,
        "_id": "a1",
    }
    return {**row, **fields}


def longbench_v2(**fields: Any) -> Fields:
    """Return an item of LongBench v2."""
    row: Fields = {
        "_id": "66f",
        "domain": "Single-Document QA",
        "sub_domain": "Literary",
        "difficulty": "hard",
        "length": "short",
        "question": "Who built the mill?",
        "choice_A": "Ada",
        "choice_B": "Bruno",
        "choice_C": "Carla",
        "choice_D": "Dora",
        "answer": "C",
        "context": "Carla built it.",
    }
    return {**row, **fields}


def longmemeval(**fields: Any) -> Fields:
    """Return an item of LongMemEval; its sessions are not in the order of their dates."""
    row: Fields = {
        "question_id": "e47",
        "question_type": "single-session-user",
        "question": "What did I plant?",
        "answer": "two apple trees",
        "question_date": "2023/06/01 (Thu) 10:00",
        "haystack_dates": ["2023/05/22 (Mon) 09:00", "2023/05/20 (Sat) 02:21"],
        "haystack_session_ids": ["s2", "s1"],
        "haystack_sessions": [
            [{"role": "user", "content": "Later."}, {"role": "assistant", "content": "Fine."}],
            [
                {"role": "user", "content": "I planted two apple trees.", "has_answer": True},
                {"role": "assistant", "content": "Good."},
            ],
        ],
        "answer_session_ids": ["s1"],
    }
    return {**row, **fields}


def locomo(**fields: Any) -> Fields:
    """Return a conversation of LoCoMo, with a question of each category."""
    row: Fields = {
        "sample_id": "conv-1",
        "conversation": {
            "speaker_a": "Ada",
            "speaker_b": "Bruno",
            "session_1_date_time": "1:56 pm on 8 May, 2023",
            "session_1": [
                {"speaker": "Ada", "dia_id": "D1:1", "text": "I paint, and I run."},
                {
                    "speaker": "Bruno",
                    "dia_id": "D1:2",
                    "text": "Look!",
                    "img_url": ["x"],
                    "blip_caption": "a red kite",
                },
            ],
            "session_10_date_time": "9:00 am on 1 July, 2023",
            "session_10": [{"speaker": "Ada", "dia_id": "D10:1", "text": "Last words."}],
            "session_2_date_time": "2:00 pm on 9 June, 2023",
            "session_2": [{"speaker": "Bruno", "dia_id": "D2:1", "text": "In between."}],
        },
        "qa": [
            {
                "question": "What does Ada do?",
                "answer": "painting, running",
                "evidence": ["D1:1"],
                "category": 1,
            },
            {"question": "When was it?", "answer": "8 May 2023", "evidence": ["D1:1"], "category": 2},
            {"question": "Is she fit?", "answer": "Likely yes; she runs", "evidence": [], "category": 3},
            {"question": "How many kites?", "answer": 1, "evidence": ["D1:2"], "category": 4},
            {
                "question": "What does Bruno sing?",
                "adversarial_answer": "opera",
                "evidence": [],
                "category": 5,
            },
        ],
    }
    return {**row, **fields}


def beam(**fields: Any) -> Fields:
    """Return a conversation of BEAM."""
    row: Fields = {
        "conversation_id": "1",
        "chat": [
            [
                {
                    "role": "user",
                    "id": 0,
                    "time_anchor": "March-15-2024",
                    "content": "My sprint ends on March 29.",
                },
                {"role": "assistant", "id": 1, "content": "Noted."},
            ],
            [{"role": "user", "id": 2, "content": "Thanks."}],
        ],
        "probing_questions": {
            "abstention": [
                {"question": "What is my wage?", "ideal_response": "Not told.", "rubric": ["It is not told"]}
            ],
            "information_extraction": [
                {
                    "question": "When does my sprint end?",
                    "answer": "On March 29.",
                    "rubric": [
                        "LLM response should state: March 29",
                        "LLM response should state: the sprint",
                    ],
                }
            ],
            "summarization": [{"question": "Sum up.", "ideal_summary": "A sprint.", "rubric": ["a sprint"]}],
        },
    }
    return {**row, **fields}


def mrcr(**fields: Any) -> Fields:
    """Return a row of OpenAI's MRCR."""
    messages = [
        {"role": "user", "content": "Write a poem about tapirs"},
        {"role": "assistant", "content": "First tapirs."},
        {"role": "user", "content": "Write a poem about tapirs"},
        {"role": "assistant", "content": "Second tapirs."},
        {"role": "user", "content": "Prepend aYooSG8CQg to the 2nd (1 indexed) poem about tapirs."},
    ]
    row: Fields = {
        "prompt": json.dumps(messages),
        "answer": "aYooSG8CQgSecond tapirs.",
        "random_string_to_prepend": "aYooSG8CQg",
        "n_needles": 2,
        "desired_msg_index": 3,
        "total_messages": 5,
        "n_chars": 200,
    }
    return {**row, **fields}


def vtcbench(**fields: Any) -> Fields:
    """Return a row of VTCBench."""
    row: Fields = {
        "problem": "What are the magic numbers?",
        "answers": ["17", "18"],
        "_context": "<p>One is 17.</p><p>The  other &amp; last is 18, as 1 &lt; 2.</p>",
    }
    return {**row, **fields}


def mmlongbench(**fields: Any) -> Fields:
    """Return an item of MMLongBench-Doc."""
    row: Fields = {
        "doc_id": "timber.pdf",
        "doc_type": "Financial report",
        "question": "What does oak cost?",
        "answer": "12.50",
        "evidence_pages": "[1]",
        "evidence_sources": "['Table']",
        "answer_format": "Float",
    }
    return {**row, **fields}
