"""Make up what machines write: identifiers, numbers, JSON, logs."""

from __future__ import annotations

import json
import uuid
from random import Random

from glyph_memory.nano.training.library import load_library

_HEX = "0123456789abcdef"
_KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def make_number(random: Random) -> str:
    """Make up a number, a date, an amount or a version."""
    return random.choice(
        (
            str(random.randrange(10 ** random.randint(1, 14))),
            f"{random.randrange(10 ** random.randint(1, 8)):,}.{random.randrange(100):02d}",
            f"{random.uniform(-1000, 1000):.{random.randint(1, 8)}f}",
            f"{random.randint(1900, 2099)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}",
            f"{random.randrange(24):02d}:{random.randrange(60):02d}:{random.randrange(60):02d}.{random.randrange(1000):03d}",
            f"{random.randrange(100)}%",
            f"${random.randrange(10_000)}.{random.randrange(100):02d}",
            f"v{random.randrange(20)}.{random.randrange(30)}.{random.randrange(90)}",
            ".".join(str(random.randrange(256)) for _ in range(4)),
            f"{random.random():.3e}",
        )
    )


def make_identifier(random: Random) -> str:
    """Make up an identifier."""
    return random.choice(
        (
            str(uuid.UUID(int=random.getrandbits(128))),
            "".join(random.choices(_HEX, k=random.choice((8, 12, 16, 24, 32, 40, 64)))),
            "".join(random.choices(_HEX.upper(), k=random.choice((8, 16, 40)))),
            "".join(random.choices(_KEY, k=random.choice((8, 16, 24, 32)))),
            "".join(random.choices(_KEY + "+/-_", k=random.choice((22, 43, 60))))
            + random.choice(("", "=", "==")),
            f"{random.choice(('call', 'req', 'sk', 'usr', 'ORD'))}_{''.join(random.choices(_KEY, k=24))}",
            "/".join(random.choice(load_library().words) for _ in range(4))
            + random.choice((".py", ".json", ".log")),
        )
    )


def make_identifiers(random: Random) -> str:
    """Make up a few identifiers."""
    separator = random.choice((" ", " ", "\n", ", ", "; "))
    return separator.join(make_identifier(random) for _ in range(random.randint(2, 24)))


def make_numbers(random: Random) -> str:
    """Make up a row or a column of numbers."""
    return random.choice((" ", ", ", "\n", " | ")).join(
        make_number(random) for _ in range(random.randint(4, 40))
    )


def make_record(random: Random) -> str:
    """Make up a JSON record."""
    words = load_library().words

    def make_value(depth: int) -> object:
        plain: tuple[object, ...] = (
            make_identifier(random), random.randrange(10**6), random.random(), None, True, False,
            " ".join(random.choices(words, k=random.randint(1, 9))), make_number(random),
        )  # fmt: skip
        if depth and random.random() < 0.4:
            if random.random() < 0.5:
                return [make_value(depth - 1) for _ in range(random.randint(0, 5))]
            return {random.choice(words): make_value(depth - 1) for _ in range(random.randint(1, 6))}
        return random.choice(plain)

    record = {random.choice(words): make_value(2) for _ in range(random.randint(2, 8))}
    return json.dumps(record, indent=random.choice((None, None, 2, 4)), ensure_ascii=False)


def make_log(random: Random) -> str:
    """Make up lines of a log."""
    words = load_library().words

    def make_line() -> str:
        day = f"2025-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"
        stamp = f"{day}T{random.randrange(24):02d}:{random.randrange(60):02d}"
        level = random.choice(("DEBUG", "INFO", "WARN", "ERROR"))
        said = " ".join(random.choices(words, k=random.randint(2, 12)))
        where = f"[{random.choice(words)}-{random.randrange(99)}]"
        return f"{stamp} {level} {where} {said} id={make_identifier(random)} {make_number(random)}ms"

    return "\n".join(make_line() for _ in range(random.randint(2, 14)))
