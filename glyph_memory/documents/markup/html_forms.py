"""The controls of forms, as far as they show text. Knows single elements; knows nothing about the tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from glyph_memory.documents.builder import Builder
from glyph_memory.documents.markup.html_flow import Flow
from glyph_memory.documents.markup.html_values import Attributes, End, show_control

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

Begin = Callable[[Builder, Flow, "LexborNode", Attributes], End]
"""Writes what an element begins, and returns what to do at its end."""


def _begin_control(builder: Builder, flow: Flow, node: LexborNode, attributes: Attributes) -> End:
    flow.add(show_control(attributes))
    return None


def _begin_option(builder: Builder, flow: Flow, node: LexborNode, attributes: Attributes) -> End:
    flow.flush()
    flow.add("☑ " if "selected" in attributes else "☐ ")
    return flow.flush


def _begin_group(builder: Builder, flow: Flow, node: LexborNode, attributes: Attributes) -> End:
    flow.flush()
    flow.add(attributes.get("label") or "")
    flow.flush()
    return flow.flush


def _begin_area(builder: Builder, flow: Flow, node: LexborNode, attributes: Attributes) -> End:
    flow.add(f" {attributes.get('alt') or ''} ")
    return None


def _begin_suggestions(builder: Builder, flow: Flow, node: LexborNode, attributes: Attributes) -> End:
    builder.add_defect("left out", "what a form's field suggests (datalist) is not read")
    return "skip"


def _begin_text_area(builder: Builder, flow: Flow, node: LexborNode, attributes: Attributes) -> End:
    hint = attributes.get("placeholder") or ""
    if hint and not node.text().strip():
        flow.add(f" [{hint}] ")
    return flow.begin_code("")


FORMS: dict[str, Begin] = {
    "area": _begin_area,
    "datalist": _begin_suggestions,
    "input": _begin_control,
    "optgroup": _begin_group,
    "option": _begin_option,
    "textarea": _begin_text_area,
}
"""What each element begins."""
