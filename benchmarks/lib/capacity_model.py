"""How much does it take for so many sessions, and what gives out first? Arithmetic alone.

Nothing is measured here and nothing has been run at these sizes: what one session takes is given, and multiplied. Each
number says whether it was measured, computed from a model's config, or assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from glyph_memory.readers.launch.sizing import find_network, measure_load
from glyph_memory.tokens import ModelProfile
from lib.flops import GLM_9B

How = Literal["measured", "computed", "assumed"]
GPU_GIB = 80.0
"""Of one GPU."""
_KIB, _GIB = 1 << 10, 1 << 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Cache:
    """What keeps a token's keys and values, from a model's published config."""

    model: str
    """Its name."""
    profile: str
    """Ours."""
    layers: int
    """Of the language model that keep keys and values."""
    kv_heads: int
    """Of each layer."""
    head_size: int
    """Numbers of a key."""

    @property
    def token_bytes(self) -> int:
        """Bytes of a token, whether of text or of a page: a key and a value in each head, of two bytes a number."""
        return 2 * self.layers * self.kv_heads * self.head_size * 2

    def describe(self) -> dict[str, object]:
        """Return what a page takes, and how many tokens have room beside the weights where those are known."""
        profile = ModelProfile.from_name(self.profile)
        page = measure_load(profile, profile.window_tokens)
        network = find_network(profile, self.model)
        return {
            "model": self.model,
            "KiB a token": self.token_bytes / _KIB,
            "page": page.size,
            "tokens a page": page.tokens,
            "MiB a page": page.tokens * self.token_bytes / (1 << 20),
            "tokens in a GPU": network.count_room(gpus=1, gpu_memory_gib=GPU_GIB) if network else None,
        }


CACHES = (
    Cache(model="zai-org/Glyph", profile="glyph", layers=40, kv_heads=2, head_size=128),
    Cache(model="GLM-4.1V-9B-Thinking", profile="glm-4.1v", layers=40, kv_heads=2, head_size=128),
    Cache(model="Qwen2.5-VL-7B-Instruct", profile="qwen2.5-vl", layers=28, kv_heads=4, head_size=128),
    Cache(model="Qwen3-VL-8B-Instruct", profile="qwen3-vl", layers=36, kv_heads=8, head_size=128),
    Cache(model="InternVL3-8B", profile="internvl3", layers=28, kv_heads=4, head_size=128),
    Cache(model="Pixtral-12B", profile="pixtral", layers=40, kv_heads=8, head_size=128),
    Cache(model="SmolVLM-256M-Instruct", profile="smolvlm-256m", layers=30, kv_heads=3, head_size=64),
)
"""Glyph, on which the steps are worked out, and others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Assumptions:
    """What nobody measured. Put your own here: all steps follow."""

    active_share: float = 0.05
    """Of all sessions, how many talk at a time; the others are kept."""
    pause_s: float = 30.0
    """From an active session's request to its next."""
    answer_s: float = 10.0
    """A request holds its keys and values for so long."""
    gpu_flops: float = 989e12
    """A second, of a GPU in bf16 (an H100's data sheet)."""
    gpu_use: float = 0.4
    """How much of it reading prompts reaches."""
    cores: float = 16.0
    """Of one machine for memory and pages."""
    memory_bytes: float = 128 * _GIB
    """Of that machine."""
    disk_bytes: float = 4e12
    """Of one disk."""
    disk_files: float = 4e12 / 16_384
    """On that disk: ext4 makes an inode for each 16 KiB unless told otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """What one session takes, grown to its full length."""

    name: str
    """As it stands in tables."""
    turns: float
    """How many it has."""
    turns_a_request: float
    """Turns that come between two requests."""
    disk_bytes: float
    """In the database, and of its page files."""
    pages: float
    """Page files."""
    prompt_tokens: float
    """Of its next request."""
    plain_tokens: float
    """Of all its turns as text."""
    computed_tokens: float
    """Of a request, in the mean, that no cache has."""
    cpu_s_a_turn: float
    """Of a core: folding, drawing, storing."""
    write_s_a_turn: float
    """For which a turn holds the one writer of an SQLite database."""
    memory_bytes: float
    """Of the process while it is open."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """Something that may give out."""

    name: str
    """What it is."""
    unit: str
    """One of it."""
    units: float
    """How many are needed."""
    how: How
    """Where what is needed comes from, at its weakest; the rates of requests are assumed in any case."""
    is_compared: bool = False
    """Whether it only stands beside another, and is not needed itself."""


def list_resources(session: Session, sessions: float, assumed: Assumptions) -> list[Resource]:
    """Return what so many sessions need of everything."""
    profile = ModelProfile.from_name("glyph")
    network = find_network(profile, "zai-org/Glyph")
    if network is None:
        raise ValueError("the numbers of 'zai-org/Glyph' are no longer known to the launch plan")
    room = network.count_room(gpus=1, gpu_memory_gib=GPU_GIB)
    active = sessions * assumed.active_share
    requests = active / assumed.pause_s
    turns = requests * session.turns_a_request
    read = GLM_9B.count_prefill(
        round(session.computed_tokens), cached=round(session.prompt_tokens - session.computed_tokens)
    ).total
    gpu = f"a GPU of {GPU_GIB:.0f} GiB: {room:,} tokens"
    return [
        Resource(
            name="prefix cache of active sessions",
            unit=gpu,
            units=active * session.prompt_tokens / room,
            how="computed",
        ),
        Resource(
            name="the same, as plain text up to the window",
            unit=gpu,
            units=active * min(session.plain_tokens, profile.window_tokens) / room,
            how="computed",
            is_compared=True,
        ),
        Resource(
            name="keys and values of requests in hand",
            unit=gpu,
            units=requests * assumed.answer_s * session.prompt_tokens / room,
            how="computed",
        ),
        Resource(
            name="reading prompts",
            unit="a GPU's arithmetic",
            units=requests * read / (assumed.gpu_flops * assumed.gpu_use),
            how="computed",
        ),
        Resource(
            name="typesetting and folding",
            unit=f"{assumed.cores:.0f} cores",
            units=turns * session.cpu_s_a_turn / assumed.cores,
            how="measured",
        ),
        Resource(
            name="database writes",
            unit="the writer of one SQLite database",
            units=turns * session.write_s_a_turn,
            how="measured",
        ),
        Resource(
            name="memory of processes",
            unit=f"{assumed.memory_bytes / _GIB:.0f} GiB",
            units=active * session.memory_bytes / assumed.memory_bytes,
            how="measured",
        ),
        Resource(
            name="disk",
            unit=f"{assumed.disk_bytes / 1e12:.0f} TB",
            units=sessions * session.disk_bytes / assumed.disk_bytes,
            how="measured",
        ),
        Resource(
            name="object count",
            unit=f"{assumed.disk_files / 1e6:.0f} million files",
            units=sessions * session.pages / assumed.disk_files,
            how="measured",
        ),
    ]


def work_out_steps(steps: Sequence[tuple[Session, float]], assumed: Assumptions) -> list[dict[str, object]]:
    """Return, step by step, what is needed, what gives out first, and what gives out that did not before.

    With one of each, that is first of which the most is needed. All is linear in the number of sessions, so for one
    kind of session it is the same thing at every step; therefore also what is over its limit for the first time.
    """
    rows, over_before = list[dict[str, object]](), set[str]()
    for session, sessions in steps:
        needed = list_resources(session, sessions, assumed)
        own = sorted((one for one in needed if not one.is_compared), key=lambda one: -one.units)
        over = [one.name for one in own if one.units > 1]
        rows.append(
            {
                "sessions": sessions,
                "kind": session.name,
                "pages": sessions * session.pages,
                "requests/s": sessions * assumed.active_share / assumed.pause_s,
                "first": own[0].name,
                "gives out": own[0].units > 1,
                "new": [name for name in over if name not in over_before],
                "resources": [
                    {"name": one.name, "unit": one.unit, "units": one.units, "how": one.how} for one in needed
                ],
            }
        )
        over_before |= set(over)
    return rows


def compare_sizes(small: Mapping[str, float], large: Mapping[str, float]) -> list[dict[str, object]]:
    """Return what one unit takes at both sizes, and how many times as much at the larger one."""
    return [
        {"what": name, "small": value, "large": large[name], "ratio": large[name] / value if value else None}
        for name, value in small.items()
    ]
