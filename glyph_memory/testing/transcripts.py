"""`agent_conversation`: an agent at work on a web shop, made up, the same on every Python.

Long, and full of what agents' histories are full of: tool calls, JSON, logs, code, stack traces, identifiers,
letters beyond ASCII, and facts that are said once and asked for much later.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from glyph_memory.testing import phrases
from glyph_memory.transcript import Role, ToolCall, Transcript, Turn

_Item = TypeVar("_Item")


def agent_conversation(*, turns: int = 200, seed: int = 0, tool_lines: int | None = None) -> Transcript:
    """Make up a conversation between a user, an agent and its tools.

    Args:
        turns: How many, 1 or more. No tool call is left open at the end.
        seed: Another number gives another conversation.
        tool_lines: How many lines a tool's result has; half of the results have fewer, some five times as many.
            With 60, a turn comes to some 600 tokens, as where an agent reads whole files and logs. Unless given,
            results are a few lines long, and a turn comes to some 60 tokens.

    Raises:
        ValueError: `turns` or `tool_lines` is below 1.

    Example:
        >>> talk = agent_conversation(turns=40)
        >>> len(talk), talk[0].role
        (40, 'system')
    """
    if turns < 1:
        raise ValueError(f"turns={turns!r}: a conversation has at least one")
    if tool_lines is not None and tool_lines < 1:
        raise ValueError(f"tool_lines={tool_lines!r}: a result has at least one; leave it out for short ones")
    desk = _ConversationWriter(seed, tool_lines)
    desk.add_turn(
        "system", "You are the on-call agent of a web shop. Use the tools. Quote identifiers exactly."
    )
    episodes = (
        (5, desk.read_code),
        (6, desk.search_logs),
        (4, desk.look_up_order),
        (2, desk.state_fact),
        (2, desk.ask_for_fact),
    )
    while (room := turns - len(desk.turns)) > 0:
        fitting = [episode for length, episode in episodes if length <= room] or [desk.thank_agent]
        desk.part, desk.name = desk.pick(phrases.PARTS), desk.pick(phrases.NAMES)
        desk.pick(fitting)()
    return Transcript(tuple(desk.turns))


class _ConversationWriter:
    """Writes the conversation, an episode at a time; of `random`, only `random()` never changes."""

    def __init__(self, seed: int, tool_lines: int | None) -> None:
        self.turns: list[Turn] = []
        self._tool_lines = tool_lines
        self.part, self.name = "", ""  # what the episode is about
        self._random = random.Random(seed).random  # noqa: S311  nothing here is secret
        self._now = datetime(2025, 3, 3, 8, 30, tzinfo=UTC)
        self._facts = [("the shop's own number", "0049-30-5550100")]

    def read_code(self) -> None:
        """Five turns: the agent opens a file, runs its tests and finds out why they fail."""
        line, path = self.number(12, 300), f"src/{self.part}/{self.name}.py"
        self.add_turn("user", self.fill(phrases.REPORTS))
        length = self.draw_length(usual=9)
        read = self._call("read_file", path=path, first_line=line, last_line=line + length - 1)
        test = self._call("run_tests", paths=[f"tests/{self.part}/test_{self.name}.py"], verbose=True)
        self.add_turn("assistant", self.fill(phrases.LOOKING), read, test)
        is_long = self._tool_lines is not None
        code = self.fill_passages(phrases.BLOCKS, length) if is_long else self.fill(phrases.CODE).splitlines()
        self.add_turn("tool", "\n".join(f"{line + n:5d}  {row}" for n, row in enumerate(code)), answers=read)
        trace = self.fill(phrases.TRACES).replace("PATH", path).replace("LINE", str(line + 3))
        if is_long:
            trace = "\n".join([*self.fill_passages(phrases.TESTS, self.draw_length()), trace])
        self.add_turn("tool", trace, answers=test)
        self.add_turn("assistant", f"{self.fill(phrases.CAUSES)} {self.fill(phrases.COMMITS)}")

    def search_logs(self) -> None:
        """Six turns: the agent searches the logs, and asks a service how it does."""
        self.add_turn("user", self.fill(phrases.REPORTS))
        search = self._call(
            "search_logs",
            query=self.fill(["level:ERROR {part}", "request={id}"]),
            limit=(limit := self.draw_length(usual=12)),
        )
        self.add_turn("assistant", self.fill(phrases.LOOKING), search)
        if self._tool_lines is None:
            found = [self.fill(phrases.LOGS) for _ in range(self.number(4, 12))]
        else:
            found = self.fill_passages(phrases.LOG_LINES, limit)
        self.add_turn("tool", "\n".join(sorted(found)), answers=search)
        state = self._call("service_state", host=self.fill(["{host}"]), minutes=self.number(5, 90))
        self.add_turn("assistant", self.fill(phrases.FINDINGS), state)
        p50_ms = self.number(3, 90)
        load = {"cpu": self.number(0, 100) / 100, "p50_ms": p50_ms, "p99_ms": p50_ms * self.number(2, 90)}
        told = json.dumps({"id": self.fill(["{id}"]), "healthy": p50_ms < 40, **load})
        self.add_turn("tool", "\n".join([told, *self._list_minutes()]), answers=state)
        self.add_turn("assistant", self.fill(phrases.CAUSES))

    def look_up_order(self) -> None:
        """Four turns: a customer has written, not always in English; the agent looks the order up."""
        order = self.fill(["{order}"])
        self.add_turn("user", self.fill(phrases.LETTERS).replace("ORDER", order))
        query = self._call("query_orders", filter={"number": order}, columns=["*"], limit=1)
        self.add_turn(
            "assistant", self.fill(["One moment.", "I look it up.", "Let me see where it is."]), query
        )
        status, cents = self.pick(("paid", "packed", "sent", "returned")), self.number(500, 99_999)
        row: dict[str, object] = {
            "number": order,
            "id": self.fill(["{id}"]),
            "status": status,
            "cents": cents,
            "sha256": self.hex(64),
        }
        if self._tool_lines is not None:
            row["items"] = [self._item() for _ in range(-(-self.draw_length() // 8))]
        self.add_turn("tool", json.dumps([row], indent=2), answers=query)
        self.add_turn("assistant", f"{order} is {status}; its total is {cents // 100}.{cents % 100:02d} €.")

    def state_fact(self) -> None:
        """Two turns: the user says something that will matter later."""
        thing, value = self.fill(phrases.FACTS).split(" = ")
        self._facts.append((thing, value))
        told = self.pick(
            ("For later: {} is {}.", "Please note that {} is {} from now on.", "Remember: {} is {}.")
        )
        self.add_turn("user", told.format(thing, value))
        self.add_turn(
            "assistant", self.fill(["Noted.", "I will remember that.", "Understood; does {who} know, too?"])
        )

    def ask_for_fact(self) -> None:
        """Two turns: the user asks for something said earlier, and gets it word for word."""
        thing, value = self.pick(self._facts)
        self.add_turn(
            "user",
            self.pick(("What did I say {} was?", "Quick one: {}?", "{}, word for word?")).format(thing),
        )
        self.add_turn("assistant", f"You said that {thing} is {value}.")

    def thank_agent(self) -> None:
        """One turn: the user thanks the agent."""
        self.add_turn("user", self.fill(["Thank you, that is all for now.", "Good. I will tell {who}."]))

    def _list_minutes(self) -> list[str]:
        """Return a service's figures, a line for each minute; nothing where results are short."""
        if self._tool_lines is None:
            return []
        rows = ["minute                cpu  rss_mb  p50_ms  p99_ms  open  errors"]
        for minute in range(self.draw_length()):
            cpu, p50_ms = self.number(0, 999) / 1000, self.number(3, 90)
            figures = self.number(180, 2900), p50_ms, p50_ms * self.number(2, 40), self.number(0, 400)
            time = self._now + timedelta(minutes=minute)
            rows.append(
                f"{time:%Y-%m-%dT%H:%MZ}  {cpu:.3f}  {'  '.join(f'{figure:6d}' for figure in figures)}  "
                f"{max(0, self.number(-40, 20)):6d}"
            )
        return rows

    def _item(self) -> dict[str, object]:
        """Make up an item of an order."""
        title = f"{self.pick(phrases.FIELDS)} {self.pick(phrases.THINGS)}"
        return {
            "sku": f"{self.hex(4).upper()}-{self.number(10, 99)}",
            "title": f"{title}, {self.number(2, 40)} pieces",
            "count": self.number(1, 9),
            "cents": self.number(99, 49_999),
            "packed_by": self.pick(phrases.PEOPLE),
            "shelf": self.fill(["{part}-{n}", "{other}/{n}"]),
        }

    def draw_length(self, *, usual: int = 0) -> int:
        """Return a random number of lines for a long result; `usual` where results are short."""
        if self._tool_lines is None:
            return usual
        drawn = self._random()
        # The median is `tool_lines`; no power function, whose last bit differs among machines.
        return max(1, int(self._tool_lines * (0.375 + 5 * drawn * drawn * drawn)))

    def fill_passages(self, passages: Sequence[str], lines: int) -> list[str]:
        """Return lines of passages with their blanks filled: words are the same all through one, figures never."""
        found: list[str] = []
        while len(found) < lines:
            thing, other_thing, verb, other_verb = (
                self.pick(words) for words in (phrases.THINGS, phrases.THINGS, phrases.VERBS, phrases.VERBS)
            )
            words = {
                "part": self.part if self.number(0, 2) else self.pick(phrases.PARTS),
                "other": self.pick(phrases.PARTS),
                "who": self.pick(phrases.PEOPLE),
                "field": self.pick(phrases.FIELDS),
                "thing": thing,
                "other_thing": other_thing,
                "verb": verb,
                "other_verb": other_verb,
            }
            words["path"] = f"src/{words['part']}/{verb}_{thing}.py"
            forms = {
                form(key): form(word) for key, word in words.items() for form in (str.capitalize, str.upper)
            }
            found += self.pick(passages).format_map(_Blanks(forms | words, self._figure)).splitlines()
            found += [""] if "\n" in passages[0] else []
        return found[:lines]

    def _figure(self, blank: str) -> str:
        """Make up a figure or an identifier."""
        before = self._now - timedelta(milliseconds=self.number(0, 1_800_000))
        made = {
            "n": str(self.number(2, 980)),
            "ms": f"{self.number(3, 9000)} ms",
            "time": f"{before:%Y-%m-%dT%H:%M:%S}.{before.microsecond // 1000:03d}Z",
            "commit": self.hex(12),
            "host": f"{self.pick(phrases.PARTS)}-{self.number(1, 9)}.internal:{self.number(2000, 9999)}",
            "order": f"ORD-{self.number(100_000, 999_999)}-{self.pick('ABCDEFGHJK')}",
            "id": f"{self.hex(8)}-{self.hex(4)}-4{self.hex(3)}",
        }
        return made[blank]

    def add_turn(self, role: Role, text: str, *calls: ToolCall, answers: ToolCall | None = None) -> None:
        """Add a turn, with a time and an id of its own."""
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


class _Blanks(dict[str, str]):
    """Words to fill blanks with; what is no word is made up anew at every mention."""

    def __init__(self, words: Mapping[str, str], figure: Callable[[str], str]) -> None:
        super().__init__(words)
        self._figure = figure

    def __missing__(self, blank: str) -> str:
        return self._figure(blank)
