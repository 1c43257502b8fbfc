"""What attributes of HTML mean: languages of code, formulas, hidden elements, form controls. Knows single elements."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

Attributes = dict[str, str | None]
End = Callable[[], None] | Literal["skip"] | None
"""What to do at an element's end; `skip` where nothing in it is read."""

_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_LANGUAGE = re.compile(
    r"(?:^|\s)(?:language-|lang-|highlight-source-|highlight-text-|highlight-|brush:\s*|sourceCode\s+)([\w+#.-]+)"
)
_TITLES = ("title", "aria-label")
_NO_LANGUAGES = frozenset(("default", "none", "text", "plaintext", "notranslate", "highlight"))
_TEX = re.compile(r"\s*(?:\\\((.*)\\\)|\\\[(.*)\\\])\s*", re.DOTALL)
_STYLED = re.compile(r"\{\\displaystyle (.*)\}", re.DOTALL)


def is_hidden(attributes: Attributes) -> bool:
    """Return whether a page hides an element."""
    return "hidden" in attributes or bool(_HIDING.search(attributes.get("style") or ""))


def find_language(classes: str) -> str:
    """Return the language of code that an element's classes name; empty where they name none.

    Example:
        >>> find_language("highlight language-python"), find_language("highlight-default notranslate")
        ('python', '')
    """
    found = _LANGUAGE.search(classes)
    return found[1] if found and found[1] not in _NO_LANGUAGES else ""


def find_formula(node: LexborNode, name: str, attributes: Attributes) -> tuple[str, bool] | None:
    """Return the LaTeX, else the text, of an element that is a formula, and whether it stands alone; else None."""
    if name == "math":
        tex = node.css_first('annotation[encoding="application/x-tex"]')
        text = tex.text() if tex is not None else attributes.get("alttext") or ""
        styled = _STYLED.fullmatch(text.strip())
        text = styled[1] if styled else text or node.text(separator=" ")
        return " ".join(text.split()), attributes.get("display") == "block"
    inner = node.child
    if name in {"span", "div"} and inner is not None and "math" in (attributes.get("class") or "").split():
        found = (
            _TEX.fullmatch(inner.text_content or "") if inner.is_text_node and inner.next is None else None
        )
        if found:
            return (found[1] or found[2] or "").strip(), name == "div"
    return None


def show_control(attributes: Attributes) -> str:
    """Return what a form's control shows."""
    kind = (attributes.get("type") or "text").lower()
    if kind in {"hidden", "password", "image"}:
        return ""
    if kind in {"checkbox", "radio"}:
        return "☑ " if "checked" in attributes else "☐ "
    value = attributes.get("value") or attributes.get("placeholder") or ""
    return f" [{value}] " if value else ""


def has_unseen_title(node: LexborNode, attributes: Attributes) -> bool:
    """Return whether an element has a title or a label that its text does not say."""
    titles = [value for name in _TITLES if (value := (attributes.get(name) or "").strip())]
    if not titles or node.tag == "img":
        return False
    text = " ".join(node.text().split()).lower()
    return any(" ".join(title.split()).lower() not in text for title in titles)


def read_count(value: str | None, *, otherwise: int = 1) -> int:
    """Return a whole number as browsers read attributes; another one where it is none."""
    found = re.match(r"\s*(-?\d{1,9})", value or "")
    return int(found[1]) if found else otherwise


def is_second_mark(name: str, attributes: Attributes) -> bool:
    """Return whether an element repeats what stands beside it: a heading's link to itself, a formula drawn again."""
    classes = (attributes.get("class") or "").split() if attributes else []
    return (name == "a" and "headerlink" in classes) or (name == "span" and "katex-html" in classes)
