"""How far is the estimate of text tokens from a real tokenizer, and how fast are both?

Counts eleven kinds of text, and the demo's two, with OpenAI's `cl100k_base`, whose vocabulary has to be on this
machine already (`pip install --no-deps llama-index-core` brings it), with the estimate, and by the rule of thumb of
four characters a token. The kinds are those the estimate was fitted to, the licence and part of the source code even
the same texts; the rest is new to it. Then times a text of 50 MB without a single blank, and one of prose.

    python benchmarks/tokens.py [--quick]
"""

from __future__ import annotations

import argparse
import json
import pydoc_data.topics
import random
import sys
import sysconfig
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from glyph_memory.style import PageStyle
from glyph_memory.testing import agent_conversation
from glyph_memory.tokens import EstimateCounter, TiktokenCounter
from glyph_memory.tokens.vocabulary import find_vocabulary
from glyph_memory.typesetting.pages import compose
from lib.results import write_results

CHINESE = (
    ("我们公司", "项目经理", "这位老师", "负责运维的同事", "大多数用户", "邻居家的孩子"),
    ("上个星期", "今天早上", "在会议开始之前", "经过反复测试", "为了节省时间", "按照合同的规定"),
    (
        "检查了服务器的配置",
        "提交了一份详细的报告",
        "发现了三个严重的错误",
        "把旧数据迁移到新的数据库",
        "买了一些水果和蔬菜",
    ),
    ("结果比预期的要好", "但是没有人注意到", "所以不得不推迟发布", "大家都感到十分高兴", "费用却增加了一倍"),
)
OTHERS = """Der Zug nach Hamburg hatte wieder einmal zwanzig Minuten Verspätung, und niemand wusste,
ob der Anschluss noch zu schaffen wäre. Les enfants jouaient dans la cour pendant que leur grand-mère
préparait le déjeuner, comme tous les dimanches depuis des années. El ayuntamiento anunció que las obras
del puente terminarán antes del verano, aunque los vecinos no están muy convencidos. Поезд опоздал на
двадцать минут, и никто не знал, успеют ли пассажиры пересесть.
電車がまた二十分遅れて、乗り換えに間に合うかどうか誰にも分かりませんでした。
기차가 또 이십 분 늦어서 갈아탈 수 있을지 아무도 몰랐습니다.
تأخر القطار عشرين دقيقة مرة أخرى، ولم يعرف أحد إن كان سيلحق بالرحلة التالية."""


def texts() -> dict[str, str]:
    """Return one text of each kind; generated ones have a fixed seed."""
    draw = random.Random(2025)
    library = Path(sysconfig.get_path("stdlib"))
    topics = pydoc_data.topics.topics

    def records() -> list[dict[str, object]]:
        states = ("open", "closed", "waiting", None)
        return [
            {
                "id": draw.randrange(10**6),
                "state": draw.choice(states),
                "total": round(draw.uniform(1, 999), 2),
            }
            | {
                "tags": draw.sample(["new", "late", "export", "gift"], 2),
                "ref": f"INV-{draw.randrange(10**5):05d}",
            }
            for _ in range(1_000)
        ]

    def log_line(number: int) -> str:
        tool = draw.choice(("read_file", "run_tests", "search_code", "http_get"))
        path = draw.choice(("src/app/main.py", "tests/test_orders.py", "deploy/values.yaml", "README.md"))
        outcome = draw.choice(
            ("ok", "2 failed, 41 passed", "TimeoutError: no answer in 30 s", "exit status 1")
        )
        return (
            f"[{number:05d}] 2025-11-{draw.randint(1, 30):02d} 14:{draw.randint(0, 59):02d} assistant: I'll "
            f'check this next.\ntool_call {tool}({{"path": "{path}", "id": "{draw.getrandbits(48):012x}"}})\n'
            f"tool: {outcome} in {draw.randint(3, 9000)} ms, commit {draw.getrandbits(160):040x}"
        )

    return {
        "English, technical prose": "\n\n".join(topics[name] for name in sorted(topics)[1::2]),
        "English, licence": (Path(__file__).parent.parent / "LICENSE").read_text(),
        "Python source": "\n".join(
            (library / f"{name}.py").read_text() for name in ("ast", "inspect", "tarfile")
        ),
        "JSON, indented": json.dumps(records(), indent=2),
        "JSON, compact": json.dumps(records(), separators=(",", ":")),
        "agent log": "\n".join(map(log_line, range(1_500))),
        "UUIDs": "\n".join(str(uuid.UUID(int=draw.getrandbits(128))) for _ in range(3_000)),
        "hex": "\n".join(f"{draw.getrandbits(256):064x}" for _ in range(1_500)),
        "numbers": "\n".join(f"{draw.uniform(0, 10**6):.3f}, {draw.randint(0, 10**9)}" for _ in range(4_000)),
        "Chinese": "".join("，".join(map(draw.choice, CHINESE)) + "。" for _ in range(1_000)),
        "seven more languages": OTHERS,
        "demo: language reference": "\n\n".join(topics.values()),
        "demo: an agent's work": compose(agent_conversation(turns=1000), style=PageStyle.glyph()).text,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Count, time, print the tables, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="Compare the estimate of text tokens with a real tokenizer.")
    parser.add_argument("--quick", action="store_true", help="time a text of 5 MB, not 50")
    options = parser.parse_args(given)
    vocabulary = find_vocabulary("cl100k_base")
    if vocabulary is None:
        sys.exit("no cl100k_base vocabulary on this machine. Try: pip install --no-deps llama-index-core")
    counter = TiktokenCounter(encoding="cl100k_base", vocabulary=vocabulary, exact=True)
    estimate = EstimateCounter()
    rows, errors = [], []
    print(f"{'kind of text':26}{'characters':>12}{'cl100k':>10}{'estimate':>10}{'error':>9}{'chars/4':>9}")
    for kind, text in texts().items():
        true, guess = counter.count(text), estimate.count(text)
        error, thumb = guess / true - 1, len(text) / 4 / true - 1
        if not kind.startswith("demo"):
            errors.append(abs(error))
        rows.append(
            {"kind": kind, "characters": len(text), "cl100k": true, "estimate": guess}
            | {"error": error, "quarter_error": thumb}
        )
        print(f"{kind:26}{len(text):12,}{true:10,}{guess:10,}{error:+9.1%}{thumb:+9.1%}")
    mean = sum(errors) / len(errors)
    print(f"{'mean of the absolute errors':26}{mean:39.1%}")

    length = 5_000_000 if options.quick else 50_000_000
    times = {}
    print(f"\n{'seconds for ' + format(length, ','):26}{'cl100k':>22}{'estimate':>10}")
    for kind, scrap in (("one line of 'a'", "a"), ("prose", "The quick brown fox jumps over it. ")):
        text = (scrap * (length // len(scrap) + 1))[:length]
        taken = []
        for which in (counter, estimate):
            start = time.perf_counter()
            which.count(text)
            taken.append(time.perf_counter() - start)
        times[kind] = dict(zip(("cl100k", "estimate"), taken, strict=True))
        print(f"{kind:26}{taken[0]:22.2f}{taken[1]:10.2f}")
    figures = {"errors": rows, "mean": mean, "characters": length, "seconds": times}
    write_results("tokens", figures, arguments=given)


if __name__ == "__main__":
    main()
