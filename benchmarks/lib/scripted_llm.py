"""A scripted language model that proposes page styles: what somebody who read the literature would try.

It reads the prompt as a language model would, takes the best style in it, and answers with JSON among words. One
proposal of each reply names a field that does not exist, so that what is refused is measured, too.
"""

from __future__ import annotations

import json
import re

from glyph_memory.context import Context
from glyph_memory.readers import Reading

_ROW = re.compile(r"^(\d+): accuracy ([\d.]+) .*?rho ([\d.]+)(.*?) (\{.*\})$", re.MULTILINE)
_IDEAS: tuple[dict[str, object], ...] = (
    {"newline_mark": " \\n ", "count_runs": True, "paragraph_lines": 10_000},
    {"margin_x_pt": 2, "margin_y_pt": 2, "padding_pt": 0, "fill_page": True},
    {"font": "mono"},
    {"letter_spacing_pt": 0.3},
    {
        "columns": 1,
        "space_after_pt": 0,
        "first_line_indent_pt": 0,
        "border_width_pt": 0,
        "border_padding_pt": 0,
    },
    {"antialias": True, "page_color": "#FFFFFF", "paragraph_color": "#FFFFFF", "font_color": "#000000"},
)


class ScriptedProposer:
    """Answers a search's prompt; each call goes on through a short list of ideas."""

    def __init__(self) -> None:
        self._calls = 0

    def read(self, context: Context) -> Reading:
        """Return proposals for the best style that the prompt names."""
        prompt = "".join(str(getattr(part, "text", "")) for part in context.messages[-1].parts)
        rows = [(int(one[1]), float(one[2]), float(one[3]), one[4], one[5]) for one in _ROW.finditer(prompt)]
        best = next((row for row in rows if "the best so far" in row[3]), None)
        number, *_, spelled = best or max(rows, key=lambda row: row[1])
        style = json.loads(spelled)
        size, line = float(style.get("font_size_pt", 9)), float(style.get("line_height_pt", 10))
        idea = _IDEAS[self._calls % len(_IDEAS)]
        self._calls += 1
        smaller = {"font_size_pt": round(size * 0.95, 2), "line_height_pt": round(line * 0.95, 2)}
        tighter = {"line_height_pt": round(max(size * 1.1, line * 0.96), 2)}
        proposals: list[dict[str, object]] = [
            {"parents": [number], "change": idea, "why": "wastes less of the page"},
            {"parents": [number], "change": smaller, "why": "smaller letters"},
            {"parents": [number], "change": {**idea, **tighter}, "why": "tighter lines"},
            {"parents": [number], "change": {"kerning": 1}, "why": "no such field"},
        ]
        told = json.dumps({"analysis": "Letters and margins limit it.", "proposals": proposals})
        return Reading(text=f"Here is what I would try next.\n{told}\nGood luck!", finish_reason="stop")
