"""`agent_conversation`: an agent at work on a web shop, made up, the same on every Python.

Long, and full of what agents' histories are full of: tool calls, JSON, logs, code, stack traces, identifiers,
letters beyond ASCII, and facts that are said once and asked for much later.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from glyph_memory.testing import phrases
from glyph_memory.transcript import Role, ToolCall, Transcript, Turn

_Item = TypeVar("_Item")


def agent_conversation(*, turns: int = 200, seed: int = 0) -> Transcript:
    """Make up a conversation between a user, an agent and its tools.

    Args:
        turns: How many, 1 or more. No tool call is left open at the end.
        seed: Another number gives another conversation.

    Raises:
        ValueError: `turns` is below 1.

    Example:
        >>> talk = agent_conversation(turns=40)
        >>> len(talk), talk[0].role
        (40, 'system')
    """
    if turns < 1:
        raise ValueError(f"turns={turns!r}: a conversation has at least one")
    desk = _Desk(seed)
    desk.say("system", "You are the on-call agent of a web shop. Use the tools. Quote identifiers exactly.")
    episodes = (
        (5, desk.read_code),
        (6, desk.search_logs),
        (4, desk.look_up),
        (2, desk.tell),
        (2, desk.ask_back),
    )
    while (room := turns - len(desk.turns)) > 0:
        fitting = [episode for length, episode in episodes if length <= room] or [desk.greet]
        desk.part, desk.name = desk.pick(phrases.PARTS), desk.pick(phrases.NAMES)
        desk.pick(fitting)()
    return Transcript(tuple(desk.turns))


class _Desk:
    """Writes the conversation down, an episode at a time; of `random`, only `random()` never changes."""

    def __init__(self, seed: int) -> None:
        self.turns: list[Turn] = []
        self.part, self.name = "", ""  # what the episode is about
        self._random = random.Random(seed).random  # noqa: S311  nothing here is secret
        self._now = datetime(2025, 3, 3, 8, 30, tzinfo=UTC)
        self._facts = [("the shop's own number", "0049-30-5550100")]

    def read_code(self) -> None:
        """Five turns: the agent opens a file, runs its tests and finds out why they fail."""
        line, path = self.number(12, 300), f"src/{self.part}/{self.name}.py"
        self.say("user", self.fill(phrases.REPORTS))
        read = self._call("read_file", path=path, first_line=line, last_line=line + 8)
        test = self._call("run_tests", paths=[f"tests/{self.part}/test_{self.name}.py"], verbose=True)
        self.say("assistant", self.fill(phrases.LOOKING), read, test)
        code = self.fill(phrases.CODE).splitlines()
        self.say("tool", "\n".join(f"{line + n:5d}  {row}" for n, row in enumerate(code)), answers=read)
        trace = self.fill(phrases.TRACES).replace("PATH", path).replace("LINE", str(line + 3))
        self.say("tool", trace, answers=test)
        self.say("assistant", f"{self.fill(phrases.CAUSES)} {self.fill(phrases.COMMITS)}")

    def search_logs(self) -> None:
        """Six turns: the agent searches the logs, and asks a service how it does."""
        self.say("user", self.fill(phrases.REPORTS))
        search = self._call("search_logs", query=self.fill(["level:ERROR {part}", "request={id}"]), limit=12)
        self.say("assistant", self.fill(phrases.LOOKING), search)
        self.say(
            "tool",
            "\n".join(sorted(self.fill(phrases.LOGS) for _ in range(self.number(4, 12)))),
            answers=search,
        )
        state = self._call("service_state", host=self.fill(["{host}"]), minutes=self.number(5, 90))
        self.say("assistant", self.fill(phrases.FINDINGS), state)
        p50_ms = self.number(3, 90)
        load = {"cpu": self.number(0, 100) / 100, "p50_ms": p50_ms, "p99_ms": p50_ms * self.number(2, 90)}
        self.say(
            "tool", json.dumps({"id": self.fill(["{id}"]), "healthy": p50_ms < 40, **load}), answers=state
        )
        self.say("assistant", self.fill(phrases.CAUSES))

    def look_up(self) -> None:
        """Four turns: a customer has written, not always in English; the agent looks the order up."""
        order = self.fill(["{order}"])
        self.say("user", self.fill(phrases.LETTERS).replace("ORDER", order))
        query = self._call("query_orders", filter={"number": order}, columns=["*"], limit=1)
        self.say("assistant", self.fill(["One moment.", "I look it up.", "Let me see where it is."]), query)
        status, cents = self.pick(("paid", "packed", "sent", "returned")), self.number(500, 99_999)
        row = {
            "number": order,
            "id": self.fill(["{id}"]),
            "status": status,
            "cents": cents,
            "sha256": self.hex(64),
        }
        self.say("tool", json.dumps([row], indent=2), answers=query)
        self.say("assistant", f"{order} is {status}; its total is {cents // 100}.{cents % 100:02d} €.")

    def tell(self) -> None:
        """Two turns: the user says something that will matter later."""
        thing, value = self.fill(phrases.FACTS).split(" = ")
        self._facts.append((thing, value))
        told = self.pick(
            ("For later: {} is {}.", "Please note that {} is {} from now on.", "Remember: {} is {}.")
        )
        self.say("user", told.format(thing, value))
        self.say(
            "assistant", self.fill(["Noted.", "I will remember that.", "Understood; does {who} know, too?"])
        )

    def ask_back(self) -> None:
        """Two turns: the user asks for something said earlier, and gets it word for word."""
        thing, value = self.pick(self._facts)
        self.say(
            "user",
            self.pick(("What did I say {} was?", "Quick one: {}?", "{}, word for word?")).format(thing),
        )
        self.say("assistant", f"You said that {thing} is {value}.")

    def greet(self) -> None:
        """One turn."""
        self.say("user", self.fill(["Thank you, that is all for now.", "Good. I will tell {who}."]))

    def say(self, role: Role, text: str, *calls: ToolCall, answers: ToolCall | None = None) -> None:
        """Write a turn down, with a time and an id of its own."""
        self._now += timedelta(seconds=self.number(2, 240))
        call_id, name = (answers.id, answers.name) if answers else (None, None)
        made = Turn(role=role, text=text, tool_calls=calls, tool_call_id=call_id, name=name)
        self.turns.append(replace(made, time=self._now, id=f"turn-{len(self.turns) + 1}"))

    def number(self, low: int, high: int) -> int:
        return low + int(self._random() * (high - low + 1))

    def pick(self, items: Sequence[_Item]) -> _Item:
        return items[self.number(0, len(items) - 1)]

    def hex(self, digits: int) -> str:
        return "".join(self.pick("0123456789abcdef") for _ in range(digits))

    def fill(self, sentences: Sequence[str]) -> str:
        """Pick a sentence and fill its blanks."""
        now = self._now + timedelta(milliseconds=self.number(0, 9999))
        blanks = {
            "part": self.part,
            "name": self.name,
            "other": self.pick(phrases.PARTS),
            "who": self.pick(phrases.PEOPLE),
            "when": self.pick(phrases.WHEN),
            "n": self.number(2, 980),
            "ms": f"{self.number(3, 9000)} ms",
            "time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "commit": self.hex(40),
            "host": f"{self.pick(phrases.PARTS)}-{self.number(1, 9)}.internal:{self.number(2000, 9999)}",
            "order": f"ORD-{self.number(100_000, 999_999)}-{self.pick('ABCDEFGHJK')}",
            "id": f"{self.hex(8)}-{self.hex(4)}-4{self.hex(3)}-9{self.hex(3)}-{self.hex(12)}",
        }
        return self.pick(sentences).format_map(blanks)

    def _call(self, name: str, **arguments: object) -> ToolCall:
        return ToolCall(name=name, arguments=json.dumps(arguments), id=f"call_{self.hex(24)}")
