"""What can be set of how pages look, for a form; and the style and look that a form's values come to.

Knows styles and their presets; knows nothing about documents.
"""

from __future__ import annotations

from dataclasses import replace

from pydantic.fields import FieldInfo

from glyph_memory.errors import ProfileError
from glyph_memory.serve.web.bodies import Look
from glyph_memory.serve.web.faults import WebFault
from glyph_memory.style import PRESETS, DocumentLook, PageStyle
from glyph_memory.tokens import ModelProfile, build_page_style

_STYLE_FIELDS = {
    "font_pt": "font_size_pt",
    "line_height_pt": "line_height_pt",
    "dpi": "dpi",
    "columns": "columns",
    "page_width_pt": "page_width_pt",
    "page_height_pt": "page_height_pt",
}
"""What the form calls a style's fields."""
_DARK = ("font_color", "page_color", "paragraph_color", "newline_color", "role_colors")


def describe_looks() -> dict[str, object]:
    """Return the presets, the profiles, and each field of the form with type, default, least and most."""
    return {
        "presets": [{"name": name, "looks": looks} for name, looks in PRESETS.items()],
        "profiles": list(ModelProfile.names()),
        "fields": [_describe_field(name, field) for name, field in Look.model_fields.items()],
    }


def find_profile(name: str | None, default: ModelProfile) -> ModelProfile:
    """Return the profile of that name.

    Raises:
        WebFault: There is none.
    """
    if not name:
        return default
    try:
        return ModelProfile.from_name(name)
    except ProfileError as error:
        raise WebFault(str(error), field="profile") from error


def build_style(look: Look, profile: ModelProfile) -> PageStyle:
    """Return the style that a form's values come to.

    Columns, and lines of a given height, are for pages whose layout is not chosen for each text.

    Raises:
        StyleError: It cannot be drawn; the message begins with the value that is wrong.
        WebFault: There is no such preset.
    """
    if look.preset not in PRESETS:
        named = ", ".join(PRESETS)
        raise WebFault(f"no preset is called {look.preset!r:.100}; there are {named}", field="preset")
    style = build_page_style(look.preset, profile)
    if style.layout == "auto" and (look.columns or look.dense):
        style = PageStyle(snap_px=profile.snap_px).fill()
    changes: dict[str, object] = {
        own: value for name, own in _STYLE_FIELDS.items() if (value := getattr(look, name)) is not None
    }
    if look.font_pt is not None and look.line_height_pt is None:
        changes["line_height_pt"] = look.font_pt * style.line_height_pt / style.font_size_pt
    if look.dark:
        dark = PageStyle.dark()
        changes |= {name: getattr(dark, name) for name in _DARK}
    style = replace(style, **changes)  # type: ignore[arg-type]  # each value was read off a field of its own kind
    return style.dense(style.newline_mark or profile.newline_mark) if look.dense else style


def build_look(look: Look, style: PageStyle) -> DocumentLook:
    """Return how headings, tables and code look."""
    return replace(DocumentLook.of_style(style), syntax_colors=look.syntax_colors)


def _describe_field(name: str, field: FieldInfo) -> dict[str, object]:
    own = _STYLE_FIELDS.get(name)
    default = field.default if field.default is not None else getattr(PageStyle.glyph(), own or "", None)
    limits = {key: getattr(one, key) for one in field.metadata for key in ("ge", "le") if hasattr(one, key)}
    kind = "choice" if name == "preset" else {bool: "boolean", int: "integer"}.get(type(default), "number")
    kind = "integer" if name == "columns" else "number" if own else kind
    described = {
        "name": name,
        "type": kind,
        "default": default,
        "least": limits.get("ge"),
        "most": limits.get("le"),
    }
    return described | ({"choices": list(PRESETS)} if kind == "choice" else {})
