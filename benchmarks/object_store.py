"""Draw documents from and to a real server of the S3 protocol, and let it do wrong what stores do wrong.

Needs `pip install 'moto[server,s3]' s3fs`. Each case is drawn once; what came of it, how long it took and how many
requests it took stand in a line. A traceback, or a case that never ends, is a defect.

    python benchmarks/object_store.py             all cases, some ten minutes: several wait for a time limit
    python benchmarks/object_store.py --quick     the same with short time limits
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from glyph_memory.documents import ShardDrawer, open_shards, stores
from glyph_memory.errors import GlyphMemoryError
from lib.faulty_store import Fault, FaultyStore, serve_faults
from lib.report import print_table

NAMES = (
    "a.md", "a#1.md", "a#2.md", "q?token=a.md", "q?token=b.md", "sp ace/ü 日本.md", "x%2Fy.md", "dd//e.md", "per::l.md",
    "br[a]ck*.md", "plus+and&.md", "deep/er/a.md", "/lead.md", "trail .md", "back\\slash.md", "q'uote\".md",
)  # fmt: skip
FindFault = Callable[[str, str], Fault | None]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    if parser.parse_args().quick:
        stores.CONNECT_S, stores.ANSWER_S, stores.CALL_S, stores.TRIES = 1.0, 3.0, 15.0, 5
    try:
        from moto.server import ThreadedMotoServer
    except ImportError:
        sys.exit("this needs a server of S3's protocol: pip install 'moto[server,s3]' s3fs")

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    keys = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ |= keys
    moto = ThreadedMotoServer(port=0, verbose=False)
    moto.start()
    port = int(moto.get_host_and_port()[1])
    try:
        with serve_faults(port) as store:
            os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{store.port}"
            print_table(
                "Object stores", ("case", "s", "requests", "what came of it"), _run_cases(store, port)
            )
    finally:
        moto.stop()


def _run_cases(store: FaultyStore, port: int) -> list[tuple[object, ...]]:
    import boto3

    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}")
    for name in ("names", "versions", "many", "bad", "out"):
        client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})

    def put(bucket: str, key: str) -> None:
        client.put_object(Bucket=bucket, Key=key, Body=f"The oak of {key} is dried. ".encode() * 50)

    for key in NAMES:
        put("names", key)
        put("versions", key)
    for number in range(1_100):
        put("many", f"{number % 7}/{number:05}.md")
    rows = list[tuple[object, ...]]()

    def draw(
        name: str, source: str, fault: FindFault = lambda method, path: None, out: str | None = None
    ) -> None:
        for number in range(3):
            put("bad", f"{number}.md")
        store.find_fault, began, asked = fault, time.perf_counter(), store.requests
        try:
            with open_shards(source, out or f"s3://out/{name.replace(' ', '-')}") as run:
                drawer = ShardDrawer(*run.drawer)
                for shard in run.shards:
                    run.add(drawer.draw(shard))
            report = run.report()
            told = f"{report.drawn:,} drawn" + "".join(f"; {one.message}" for one in report.failures)
        except GlyphMemoryError as error:
            told = f"refused: {error}"
        store.find_fault = lambda method, path: None
        rows.append((name, time.perf_counter() - began, store.requests - asked, told))
        print(rows[-1], flush=True)

    draw("odd names", "s3://names")
    draw("versions", "s3://versions")
    draw("1,100 keys", "s3://many")
    draw("output in the source", "s3://names", out="s3://names/pages")
    draw("no such bucket", "s3://nowhere")
    draw("no such output", "s3://bad", out="s3://nowhere/out")
    for name, fault in _make_faults(client).items():
        draw(name, "s3://bad", fault)
    return rows


def _make_faults(client: Any) -> dict[str, FindFault]:  # noqa: ANN401 - boto3 has no types
    def refuse(code: str, status: int, *methods: str, part: str = "") -> FindFault:
        return lambda method, path: (
            Fault(status=status, code=code) if method in (methods or (method,)) and part in path else None
        )

    def change(method: str, part: str, what: Callable[[], object]) -> FindFault:
        done = list[bool]()

        def find(asked: str, path: str) -> Fault | None:
            if asked != method or part not in path or done:
                return None
            done.append(True)
            return Fault(before=what)

        return find

    def burst(code: str, status: int, seconds: float) -> FindFault:
        seen = list[float]()

        def find(method: str, path: str) -> Fault | None:
            seen.append(time.monotonic())
            is_on = len(seen) > 8 and seen[-1] - seen[8] < seconds
            return Fault(status=status, code=code) if is_on else None

        return find

    return {
        "denied": refuse("AccessDenied", 403),
        "denied to list": refuse("AccessDenied", 403, "GET", part="list-type"),
        "denied to read one": refuse("AccessDenied", 403, "GET", part="/bad/1.md"),
        "denied to write": refuse("AccessDenied", 403, "PUT"),
        "denied to delete": refuse("AccessDenied", 403, "DELETE"),
        "unknown key": refuse("InvalidAccessKeyId", 403),
        "expired keys": refuse("ExpiredToken", 403),
        "clock": refuse("RequestTimeTooSkewed", 403),
        "busy for 8 s": burst("SlowDown", 503, 8),
        "broken for 5 s": burst("InternalError", 500, 5),
        "busy": refuse("SlowDown", 503),
        "broken": refuse("InternalError", 500),
        "slow": lambda method, path: Fault(wait_s=1.0),
        "body stops": lambda method, path: (
            Fault(stops=True) if method == "GET" and "/bad/1.md" in path else None
        ),
        "replaced at reading": change(
            "GET", "/bad/1.md", lambda: client.put_object(Bucket="bad", Key="1.md", Body=b"Elm.")
        ),
        "deleted after listing": change(
            "PUT", "plans", lambda: client.delete_object(Bucket="bad", Key="2.md")
        ),
        "never answers": lambda method, path: Fault(wait_s=3600),
    }


if __name__ == "__main__":
    main()
