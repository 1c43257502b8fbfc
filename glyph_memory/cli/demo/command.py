"""The command to begin with, as it is typed; what it does stands in `demo`, which is imported when it runs."""

from __future__ import annotations

from pathlib import Path

from glyph_memory.cli import options
from glyph_memory.cli.root import START, register_command


@register_command(
    START,
    ("Half a minute; then open out/demo.html in a browser", "glyph-memory demo"),
    ("Elsewhere, with the figures as JSON", "glyph-memory demo --out /srv/www/demo --json"),
)
def demo(*, out: options.DemoOut = Path("out"), as_json: options.Json = False) -> None:
    """Turn two long texts into pages, remember a conversation, show what that saves, and ask about both.

    The texts are on every machine: Python's language reference, and the made-up conversation of an agent with
    its tools, which is then folded, searched and looked at closely. Questions are answered by the nano reader, which
    comes along and reads pages from their pixels. No server, no GPU, no download.
    """
    from glyph_memory.cli.demo import texts as command  # noqa: PLC0415

    command.run(out, as_json=as_json)
