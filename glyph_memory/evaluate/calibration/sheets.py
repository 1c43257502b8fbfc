"""Make texts of five kinds from a seed, with small questions about them whose answers are exact.

Each text is a run of records. Names, numbers and keys stand once in it, so that a question has one answer; a few
records are made and left out, to ask for what is not stated. All of it is invented. Knows texts; knows nothing about
pages.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from glyph_memory.errors import DocumentError, show_value

Kind = Literal["prose", "code", "logs", "identifiers", "cjk"]
"""A kind of text that is measured by itself."""
KINDS: tuple[Kind, ...] = get_args(Kind)
"""All of them, in the order in which they are asked about."""

_FAMILY = (
    "安白包曹陈程邓丁董方冯高顾郭韩何胡黄江金孔李林刘陆罗马毛孟倪潘"
    "彭钱秦任沈石宋孙唐田汪王魏吴夏谢徐许薛严杨姚叶于余袁张赵郑周朱"
)
_GIVEN = (
    "博晨春达德东恩芳飞刚光国海红华慧佳建杰静军凯兰磊丽亮玲龙梅明娜"
    "宁鹏平青清蓉山书思涛婷伟文霞翔晓欣雪雅燕阳怡颖永勇宇玉远悦云志"
)
_FIRST = (
    "Ada", "Bela", "Carla", "Dario", "Edda", "Femi", "Greta", "Hamid", "Ines", "Jonas", "Kira", "Lars", "Mina", "Nils",
    "Olga", "Pavel", "Rosa", "Sven", "Tilda", "Umar", "Vera", "Willem", "Xenia", "Yusuf", "Zora",
)  # fmt: skip
_LAST = (
    "Abbott", "Brandt", "Castro", "Duarte", "Engel", "Ferrer", "Gruber", "Holm", "Ibsen", "Jansen", "Keller", "Lindt",
    "Moreau", "Novak", "Okafor", "Petrov", "Quist", "Rossi", "Sato", "Torres", "Ulrich", "Vargas", "Weber", "Young",
)  # fmt: skip
_GOODS = (
    "barley", "copper", "timber", "salt", "glass", "linen", "paper", "rope", "slate", "sugar", "tea", "wool", "zinc",
)  # fmt: skip
_PLACES = ("the mill", "the east gate", "the harbour", "the old depot", "the upper yard", "the station")
_WHEN = (
    "In the morning",
    "On the second day",
    "After the rain",
    "Before noon",
    "Late in the week",
    "At dusk",
)
_WORDS = (
    "order", "cache", "batch", "route", "index", "token", "frame", "queue", "shard", "limit", "retry", "state",
    "audit", "merge", "split", "trace",
)  # fmt: skip
_LEVELS = ("INFO", "WARN", "ERROR", "DEBUG")


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """A piece of a text, and what can be asked about it."""

    text: str
    """As it stands on a page, its line's end included."""
    questions: tuple[tuple[str, str], ...]
    """Each with the answer, as it stands there to the letter."""


def make_records(kind: str, *, seed: str) -> Iterator[Record]:
    """Yield records of a kind without end; the same for the same seed on any machine.

    Args:
        kind: Which kind of text.
        seed: Another one makes others.

    Raises:
        DocumentError: There is no such kind.
    """
    if kind not in _MAKERS:
        raise DocumentError(
            f"no kind of text {show_value(kind)} can be calibrated; there are {', '.join(KINDS)}"
        )
    dice = random.Random(f"{kind}/{seed}")  # noqa: S311  nothing here is secret
    return _MAKERS[kind](dice)


def _prose(dice: random.Random) -> Iterator[Record]:
    """Reports of who asked for how much of what."""
    numbers = _draw_new(lambda: str(dice.randrange(10_000, 100_000)))
    letters = string.ascii_uppercase
    names = _draw_new(lambda: f"{dice.choice(_FIRST)} {dice.choice(letters)}. {dice.choice(_LAST)}")
    for name, crates in zip(names, numbers, strict=True):
        goods, when, place = dice.choice(_GOODS), dice.choice(_WHEN), dice.choice(_PLACES)
        end = "\n" if dice.random() < 0.2 else " "
        yield Record(
            text=f"{when} {name} asked for {crates} crates of {goods}, and they were left at {place}.{end}",
            questions=(
                (f"For how many crates of {goods} did {name} ask?", crates),
                (f"Who asked for {crates} crates?", name),
            ),
        )


def _code(dice: random.Random) -> Iterator[Record]:
    """Constants and functions of a module in Python."""
    numbers = _draw_new(lambda: str(dice.randrange(10_000, 100_000)))
    names = _draw_new(
        lambda: f"{dice.choice(_WORDS)}_{dice.choice(_WORDS)}_{dice.choice(_WORDS)}_{dice.randrange(100)}"
    )
    for name, number in zip(names, numbers, strict=True):
        if dice.random() < 0.5:
            constant = name.upper()
            text = f"{constant} = {number}\n"
            questions = (
                (f"Which number is assigned to {constant}?", number),
                (f"To which name is {number} assigned?", constant),
            )
        else:
            word, key = dice.choice(_WORDS), _make_key(dice, 10)
            text = f'def {name}({word}: int = {number}) -> str:\n    return find({word}, "{key}")\n\n'
            questions = (
                (f"Which text in quotes does {name} hand to find?", key),
                (f"Which function has {number} in its first line?", name),
            )
        yield Record(text=text, questions=questions)


def _logs(dice: random.Random) -> Iterator[Record]:
    """Lines of a server's log."""
    second = dice.randrange(40_000)
    numbers = _draw_new(lambda: str(dice.randrange(10_000, 100_000)))
    requests = _draw_new(lambda: f"{dice.getrandbits(32):08x}")
    for request, took in zip(requests, numbers, strict=True):
        second += dice.randint(1, 3)
        time = f"{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        path = f"/v1/{dice.choice(_WORDS)}s/{dice.randrange(10**6, 10**7)}"
        yield Record(
            text=f"2025-03-04 {time} {dice.choice(_LEVELS)} {dice.choice(_WORDS)}-{dice.randint(1, 9)} request "
            f"{request} path {path} took {took} ms\n",
            questions=(
                (f"Which path did request {request} have?", path),
                (f"Which request took {took} ms?", request),
                (f"How many ms took request {request}?", took),
            ),
        )


def _identifiers(dice: random.Random) -> Iterator[Record]:
    """Keys of services: UUIDs, digests, keys of mixed letters."""
    for service in _draw_new(lambda: f"{dice.choice(_WORDS)}-{dice.randrange(1_000, 10_000)}"):
        key = dice.choice((_make_uuid, _make_digest, _make_key))(dice)
        yield Record(
            text=f"Service {service} has the key {key}.\n",
            questions=((f"Which key has service {service}?", key),),
        )


def _cjk(dice: random.Random) -> Iterator[Record]:
    """Chinese: who signed for which order."""
    numbers = _draw_new(lambda: str(dice.randrange(10_000, 100_000)))
    names = _draw_new(lambda: dice.choice(_FAMILY) + dice.choice(_GIVEN) + dice.choice(_GIVEN))
    for order, pieces, name in zip(numbers, numbers, names, strict=True):
        end = "\n" if dice.random() < 0.3 else ""
        yield Record(
            text=f"编号{order}的订单由{name}签收，共{pieces}件货物。{end}",
            questions=(
                (f"编号{order}的订单由谁签收？", name),
                (f"编号{order}的订单共有多少件货物？", pieces),
            ),
        )


def _draw_new(draw: Callable[[], str]) -> Iterator[str]:
    """Yield what is drawn, each value once."""
    seen = set[str]()
    while True:
        value = draw()
        if value not in seen:
            seen.add(value)
            yield value


def _make_uuid(dice: random.Random) -> str:
    digits = f"{dice.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _make_digest(dice: random.Random) -> str:
    return f"{dice.getrandbits(64):016x}"


def _make_key(dice: random.Random, letters: int = 20) -> str:
    return "".join(dice.choices(string.ascii_letters + string.digits, k=letters))


_MAKERS: dict[str, Callable[[random.Random], Iterator[Record]]] = {
    "prose": _prose,
    "code": _code,
    "logs": _logs,
    "identifiers": _identifiers,
    "cjk": _cjk,
}
