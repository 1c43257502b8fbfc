"""Make up facts that a page tells and a question asks for: keys, numbers and people of things that have names.

The words are not those of the evaluation's tasks, nor are the sentences; knows nothing about pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from glyph_memory.nano.training.records import make_identifier, make_number

_FIRST = (
    "amber", "arctic", "cedar", "cobalt", "coral", "crimson", "delta", "ember", "falcon", "granite", "hazel", "indigo",
    "ivory", "jasper", "juniper", "lunar", "maple", "meadow", "nimbus", "onyx", "opal", "orchid", "pebble", "quartz",
    "raven", "saffron", "sierra", "silver", "solar", "tidal", "umber", "velvet", "violet", "walnut", "willow", "zephyr",
)  # fmt: skip
_SECOND = (
    "archive", "beacon", "bridge", "broker", "bucket", "cache", "cluster", "console", "crawler", "depot", "exporter",
    "gateway", "harvester", "indexer", "journal", "ledger", "loader", "mailer", "mirror", "monitor", "parser",
    "pipeline", "planner", "queue", "registry", "relay", "router", "sampler", "scheduler", "sensor", "server",
    "tracker", "vault",
)  # fmt: skip
_NAMES = (
    "Aiko", "Bruno", "Chidi", "Dagmar", "Emre", "Farah", "Goran", "Hana", "Ines", "Jonas", "Kavya", "Liam", "Mirela",
    "Nadia", "Omar", "Petra", "Quentin", "Rosa", "Sipho", "Tomas", "Ulla", "Vera", "Wen", "Yusuf", "Zofia",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """Something that a text tells."""

    sentence: str
    """How the text tells it."""
    question: str
    """How it is asked for."""
    value: str
    """What is right."""
    kind: str
    """Of what kind the value is: "identifier", "number", "person", "version"."""


_KINDS: dict[str, tuple[tuple[str, ...], str]] = {
    "identifier": (
        ("The access key of {thing} is {value}.", "{thing} answers to the token {value}", "key for {thing}: {value}"),
        "What is the access key or token of {thing}?",
    ),
    "number": (
        ("{thing} was last measured at {value}.", "reading of {thing} = {value}", "We noted {value} for {thing}."),
        "Which value was noted for {thing}?",
    ),
    "person": (
        ("{value} looks after {thing} from now on.", "owner of {thing}: {value}", "Ask {value} about {thing}."),
        "Who looks after {thing}?",
    ),
    "port": (
        ("{thing} listens on port {value}.", "{thing} -> port {value}", "Port {value} belongs to {thing}."),
        "On which port does {thing} listen?",
    ),
}  # fmt: skip


def make_facts(random: Random, count: int) -> list[Fact]:
    """Make up facts about things with different names; at least the first of them is of the kind that most are."""
    kind = random.choice((*_KINDS, "identifier", "identifier"))
    things = random.sample([f"{first}-{second}" for first in _FIRST for second in _SECOND], count)
    return [
        _make_fact(
            random, thing, kind if number == 0 or random.random() < 0.6 else random.choice(tuple(_KINDS))
        )
        for number, thing in enumerate(things)
    ]


def _make_fact(random: Random, thing: str, kind: str) -> Fact:
    makers = {
        "identifier": make_identifier,
        "number": make_number,
        "person": _make_person,
        "port": _make_port,
    }
    value = makers[kind](random)
    sentences, question = _KINDS[kind]
    return Fact(
        sentence=random.choice(sentences).format(thing=thing, value=value),
        question=question.format(thing=thing),
        value=value,
        kind=kind,
    )


def _make_person(random: Random) -> str:
    return f"{random.choice(_NAMES)} {random.choice(_FIRST).title()}son"


def _make_port(random: Random) -> str:
    return str(random.randint(1024, 65_535))
