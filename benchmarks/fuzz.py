"""What do a million inputs of any kind do to the typesetter, the store, the readers and the loader of documents?

Inputs come in by doors: places where something comes in that we did not make. Each door claims something of any input:
it is taken, and what comes out is right, or it is refused with an error of ours in one line. All else is a finding: an
exception, a hang, a crash, memory beyond a limit, or a property that does not hold. An input is drawn from its number
alone, so a finding is replayed by its door and number. The modules of `tests/fuzz` are run as well, with seeds.

    python benchmarks/fuzz.py                    a million inputs; goes on where an earlier run was stopped
    python benchmarks/fuzz.py --inputs 50000 --first 7000000
    python benchmarks/fuzz.py --replay texts:123
    python benchmarks/fuzz.py --quick            does everything run?
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the claims are those of `tests/fuzz`

from lib.fuzz_doors import DOORS, MODULES, Door, find_door  # noqa: E402 - behind the path
from lib.fuzz_mended import MENDED  # noqa: E402
from lib.fuzz_shards import Finding, Shard, run_module, run_shards  # noqa: E402
from lib.report import print_table  # noqa: E402
from lib.results import TRIALS, write_results  # noqa: E402

INPUTS, QUICK_INPUTS = 1_000_000, 3_000
_LISTED = 20
_KINDS = ("exception", "property", "hang", "crash", "memory")


def main(arguments: Sequence[str] | None = None) -> None:
    """Fuzz, print the table and what was found, write the numbers; end with 1 where something was found."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="Try inputs of any kind, in shards; list what was found.")
    parser.add_argument("--inputs", type=int, default=INPUTS, help=f"how many, of all doors: {INPUTS:,}")
    parser.add_argument(
        "--door", action="append", choices=[door.name for door in DOORS], help="only this one"
    )
    parser.add_argument("--first", type=int, default=0, help="the number of each door's first input")
    parser.add_argument("--workers", type=int, default=2, help="processes side by side")
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier run left unfinished")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_INPUTS:,} inputs, without Hypothesis")
    parser.add_argument(
        "--replay", metavar="DOOR:NUMBER", help="try one input, and let its exception through"
    )
    options = parser.parse_args(given)
    if options.replay:
        name, _, number = options.replay.rpartition(":")
        print(find_door(name).check(random.Random(f"{name}:{int(number)}")))
        return
    inputs = QUICK_INPUTS if options.quick else options.inputs
    folder = TRIALS / f"fuzz-{inputs}-{options.first}"
    if options.fresh or options.quick:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    doors = [door for door in DOORS if not options.door or door.name in options.door]
    shards = _run_all(doors, inputs, first=options.first, folder=folder, workers=options.workers)
    if options.door:
        print(f"their shards are in {folder}; a run of all doors takes them over")
        return
    if not options.quick:
        shards += [
            run_module(module, wing, examples, 1 + options.first, folder)
            for module, wing, examples in MODULES
        ]
    doors_told = [_sum_up(name, [one for one in shards if one.door == name]) for name in _names(shards)]
    wings = [_sum_wing(wing, doors_told) for wing in dict.fromkeys(one["wing"] for one in doors_told)]
    findings = _group([finding for shard in shards for finding in shard.findings])
    _print(wings, doors_told, findings)
    figures = {"wings": wings, "doors": doors_told, "findings": findings, "mended": MENDED}
    write_results("fuzz", figures, arguments=given)
    shutil.rmtree(folder)
    if findings:
        sys.exit(1)


def _run_all(doors: Sequence[Door], inputs: int, *, first: int, folder: Path, workers: int) -> list[Shard]:
    """Run the shards of all doors; return them, done."""
    shards = list[tuple[float, Shard, Door]]()
    for door in doors:
        numbers = -(-round(inputs * door.share) // door.inputs)
        for start in range(0, numbers, door.at_once):
            count = min(door.at_once, numbers - start)
            shard = Shard(
                door=door.name, wing=door.wing, first=first + start, count=count, next=first + start
            )
            shards.append((start / numbers, shard, door))
    in_turn = [(shard, door) for _, shard, door in sorted(shards, key=lambda one: one[0])]
    done, tried, begun_s = list[Shard](), 0, time.monotonic()
    for shard in run_shards(in_turn, folder, workers=workers):
        done.append(shard)
        tried += shard.inputs
        found = f"; {shard.door}: {len(shard.findings)} findings" if shard.findings else ""
        print(f"{tried:,} inputs, {time.monotonic() - begun_s:,.0f} s{found}", flush=True)
        for finding in shard.findings[:2]:
            print(
                f"  {finding.door}:{finding.number} {finding.kind}: {finding.said} {finding.place}",
                flush=True,
            )
    return done


def _names(shards: Sequence[Shard]) -> list[str]:
    order = [door.name for door in DOORS] + [module for module, *_ in MODULES]
    return sorted({shard.door for shard in shards}, key=order.index)


def _sum_up(name: str, shards: Sequence[Shard]) -> dict[str, Any]:
    """Return what came of a door."""
    inputs = sum(shard.inputs for shard in shards)
    found = [finding.kind for shard in shards for finding in shard.findings]
    return {
        "door": name,
        "wing": shards[0].wing,
        "inputs": inputs,
        "taken": sum(shard.done for shard in shards),
        "refused": sum(shard.refused for shard in shards),
        "seconds": round(sum(shard.seconds for shard in shards), 1),
        "peak_mb": round(max(shard.peak_mb for shard in shards)),
        **{kind: found.count(kind) for kind in _KINDS},
    }


def _sum_wing(wing: str, doors: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what came of a wing's doors."""
    mine = [one for one in doors if one["wing"] == wing]
    added = ("inputs", "taken", "refused", "seconds", *_KINDS)
    return {
        "wing": wing,
        **{name: round(sum(one[name] for one in mine), 1) for name in added},
        "peak_mb": max(one["peak_mb"] for one in mine),
    }


def _group(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings, those of one door, kind and place together."""
    groups = defaultdict[tuple[str, str, str], list[Finding]](list)
    for one in findings:
        groups[one.door, one.kind, one.place or one.said[:60]].append(one)
    return [
        {
            "door": door,
            "kind": kind,
            "times": len(some),
            "numbers": [one.number for one in some[:3]],
            "said": some[0].said,
            "place": some[0].place,
        }
        for (door, kind, _), some in groups.items()
    ]


def _print(
    wings: Sequence[dict[str, Any]], doors: Sequence[dict[str, Any]], findings: Sequence[dict[str, Any]]
) -> None:
    names = ("inputs", "taken", "refused", "seconds", *_KINDS, "peak_mb")
    print_table("Doors", ("door", *names), [(one["door"], *(one[name] for name in names)) for one in doors])
    print_table("Wings", ("wing", *names), [(one["wing"], *(one[name] for name in names)) for one in wings])
    print(f"\n{sum(one['inputs'] for one in wings):,} inputs, {len(findings)} kinds of findings")
    for one in findings[:_LISTED]:
        replay = f"{one['door']}:{one['numbers'][0]}"
        print(f"  {replay}, {one['times']} times, {one['kind']}: {one['said']} {one['place']}")


if __name__ == "__main__":
    main()
