"""Mixed traffic with faults: upstreams and workers are killed, clients leave; is anything lost, or told to others?"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from glyph_memory.store import Store
from lib.serve_crowd import Conversation, ask_streamed
from lib.serve_processes import Process, start_proxy, start_upstream

_CLIENTS = 24


class _Traffic:
    """Clients that talk until the time is over, and what became of it."""

    def __init__(self, proxy: Process, seconds: float) -> None:
        self.url, self.until = proxy.url, time.monotonic() + seconds
        self.counts = dict.fromkeys(
            ("answered", "told of an error", "broken off", "left by the client", "words of others"), 0
        )
        self.ended: list[Conversation] = []

    async def talk(self, seed: int) -> None:
        """Talk as one client after another, each with a conversation of its own."""
        dice = random.Random(seed)
        limits = httpx2.Limits(max_connections=4)
        async with httpx2.AsyncClient(timeout=30, limits=limits) as client:
            while time.monotonic() < self.until:
                one = Conversation()
                self.ended.append(one)
                for _ in range(dice.randint(3, 40)):
                    if time.monotonic() >= self.until:
                        break
                    await self._ask(client, one, dice)

    async def _ask(self, client: httpx2.AsyncClient, one: Conversation, dice: random.Random) -> None:
        body = one.make_body(chunks=dice.choice((0, 3, 10)), pause_s=0.01)
        leaves = dice.random() < 0.05
        try:
            if leaves:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ask_streamed(client, self.url, {**body, "stream": True}), 0.02)
                self.counts["left by the client"] += 1
                return
            if body["stream"]:
                text = await ask_streamed(client, self.url, body)
            else:
                answer = await client.post(f"{self.url}/v1/chat/completions", json=body)
                answer.raise_for_status()
                text = answer.text
        except httpx2.HTTPStatusError:
            self.counts["told of an error"] += 1
            await asyncio.sleep(0.2)
        except httpx2.HTTPError:
            self.counts["broken off"] += 1
            await asyncio.sleep(0.2)
        else:
            self.counts["answered"] += 1
            self.counts["words of others"] += text.count("canary-") - text.count(one.canary)
            one.keep(body, "Noted.")


async def measure_faults(folder: Path, seconds: float) -> dict[str, object]:
    """Return what became of so many seconds of traffic."""
    upstream = start_upstream()
    port = urlsplit(upstream.url).port or 0
    memory = folder / "serve.db"
    proxy = start_proxy(upstream.url, memory, "--workers", "2", "--window", "8192")
    kills = {"upstream killed": 0, "worker killed": 0}
    dice = random.Random(7)

    async def break_things(traffic: _Traffic) -> None:
        nonlocal upstream
        while time.monotonic() < traffic.until - 2:
            await asyncio.sleep(dice.uniform(2, 6))
            if dice.random() < 0.5:
                upstream.kill()
                kills["upstream killed"] += 1
                await asyncio.sleep(dice.uniform(0.2, 1))
                upstream = await asyncio.to_thread(start_upstream, port)
            else:
                workers = [one for one in proxy.list_workers() if one.memory_info().rss > 60 << 20]
                if len(workers) > 1:
                    dice.choice(workers).kill()
                    kills["worker killed"] += 1

    try:
        traffic = _Traffic(proxy, seconds)
        await asyncio.gather(break_things(traffic), *map(traffic.talk, range(_CLIENTS)))
    finally:
        proxy.stop()
        upstream.kill()
    with Store.open(memory) as store:
        kept = {turn.text for info in store.sessions() for turn in store.session(info.name).turns()}
    lost = sum(text not in kept for one in traffic.ended for text in one.said)
    said = sum(len(one.said) for one in traffic.ended)
    return {
        "conversations": len(traffic.ended),
        **traffic.counts,
        **kills,
        "turns answered": said,
        "of them lost": lost,
    }
