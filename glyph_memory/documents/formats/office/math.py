"""Formulas of Office files as LaTeX. Knows OMML; draws nothing, and keeps what it does not know as its text."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from xml.etree.ElementTree import Element

from glyph_memory.documents.formats.office.names import choose_alternative, value_of

_LARGE = {
    "∑": r"\sum", "∏": r"\prod", "∐": r"\coprod", "∫": r"\int", "∬": r"\iint", "∭": r"\iiint", "∮": r"\oint",
    "⋃": r"\bigcup", "⋂": r"\bigcap", "⋁": r"\bigvee", "⋀": r"\bigwedge",
}  # fmt: skip
_ACCENTS = {
    "\u0302": r"\hat", "\u0303": r"\tilde", "\u0304": r"\bar", "\u0305": r"\overline", "\u0306": r"\breve",
    "\u0307": r"\dot", "\u0308": r"\ddot", "\u030c": r"\check", "\u20d7": r"\vec", "\u0301": r"\acute",
    "\u0300": r"\grave",
}  # fmt: skip
_FUNCTIONS = frozenset(
    {"sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "log", "ln", "exp",
     "lim", "max", "min", "sup", "inf", "det", "gcd", "arg", "dim", "ker"}
)  # fmt: skip
_ESCAPED = {"{": r"\{", "}": r"\}", "%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$", "_": r"\_", "^": r"\^{}"}
_BRACKETS = {"{": r"\{", "}": r"\}", "‖": r"\|", "〈": "⟨", "〉": "⟩"}


def write_latex(element: Element) -> str:
    r"""Return a formula as LaTeX, without dollar signs.

    Args:
        element: An `m:oMath` or `m:oMathPara`.
    """
    return " ".join(_write_children(element).split())


def _write_children(element: Element | None) -> str:
    return "" if element is None else "".join(_write(child) for child in element)


def _write(element: Element) -> str:
    if element.tag == "mc:AlternateContent":
        return _write_children(choose_alternative(element))
    writer = _WRITERS.get(element.tag)
    if writer is not None:
        return writer(element)
    return "" if element.tag.endswith("Pr") else _write_children(element)


def _write_text(element: Element) -> str:
    text = (
        unicodedata.normalize("NFKC", element.text or "")
        if _has_styled_letters(element.text)
        else element.text
    )
    return "".join(_ESCAPED.get(character, character) for character in text or "")


def _has_styled_letters(text: str | None) -> bool:
    """Return whether there are letters whose style is part of their code, 𝑥; a plain x says the same."""
    return any(0x1D400 <= ord(character) <= 0x1D7FF for character in text or "")


def _part(element: Element, name: str) -> str:
    return _write_children(element.find(f"m:{name}"))


def _base(element: Element) -> str:
    """Return what something is written at, in braces where it is more than one sign."""
    text = _part(element, "e").strip()
    return text if len(text) <= 1 or text.startswith(r"\left") else f"{{{text}}}"


def _write_fraction(element: Element) -> str:
    top, bottom = _part(element, "num"), _part(element, "den")
    kind = value_of(element, "m:fPr/m:type", "m:val", "bar")
    if kind == "lin":
        return f"{top}/{bottom}"
    return rf"\binom{{{top}}}{{{bottom}}}" if kind == "noBar" else rf"\frac{{{top}}}{{{bottom}}}"


def _write_root(element: Element) -> str:
    degree = _part(element, "deg").strip()
    return rf"\sqrt{f'[{degree}]' if degree else ''}{{{_part(element, 'e')}}}"


def _write_large(element: Element) -> str:
    sign = value_of(element, "m:naryPr/m:chr", "m:val", "∫")
    below, above = _part(element, "sub"), _part(element, "sup")
    ends = (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")
    return f"{_LARGE.get(sign, sign)}{ends} {_part(element, 'e')}"


def _write_brackets(element: Element) -> str:
    left = value_of(element, "m:dPr/m:begChr", "m:val", "(")
    right = value_of(element, "m:dPr/m:endChr", "m:val", ")")
    comma = value_of(element, "m:dPr/m:sepChr", "m:val", "|")
    inner = comma.join(_write_children(one) for one in element.findall("m:e"))
    left, right = (_BRACKETS.get(sign, sign) for sign in (left, right))
    is_plain = len(inner) < 12 and "\\" not in inner and left and right
    return f"{left}{inner}{right}" if is_plain else rf"\left{left or '.'} {inner} \right{right or '.'}"


def _write_function(element: Element) -> str:
    name = _part(element, "fName").strip()
    head = next(
        (known for known in _FUNCTIONS if name == known or name.startswith((f"{known}_", f"{{{known}}}"))), ""
    )
    if head and name == head:
        name = f"\\{name}"
    elif head:
        name = (
            name.replace(f"{{{head}}}", f"\\{head}", 1).replace(head, f"\\{head}", 1).replace("\\\\", "\\", 1)
        )
    return f"{name} {_part(element, 'e')}"


def _write_accent(element: Element) -> str:
    sign = value_of(element, "m:accPr/m:chr", "m:val", "\u0302")
    return f"{_ACCENTS.get(sign, chr(92) + 'hat')}{{{_part(element, 'e')}}}"


def _write_bar(element: Element) -> str:
    is_above = value_of(element, "m:barPr/m:pos", "m:val") == "top"
    return rf"\{'overline' if is_above else 'underline'}{{{_part(element, 'e')}}}"


def _write_matrix(element: Element) -> str:
    rows = (" & ".join(_write_children(one) for one in row.findall("m:e")) for row in element.findall("m:mr"))
    inner = r" \\ ".join(rows)
    return rf"\begin{{matrix}} {inner} \end{{matrix}}"


def _write_lines(element: Element) -> str:
    return r" \\ ".join(_write_children(one) for one in element.findall("m:e"))


def _write_script(form: str) -> Callable[[Element], str]:
    def write(element: Element) -> str:
        return form.format(
            e=_base(element), sub=_part(element, "sub"), sup=_part(element, "sup"), lim=_part(element, "lim")
        )

    return write


_WRITERS: dict[str, Callable[[Element], str]] = {
    "m:t": _write_text,
    "w:t": _write_text,
    "a:t": _write_text,
    "m:f": _write_fraction,
    "m:rad": _write_root,
    "m:nary": _write_large,
    "m:d": _write_brackets,
    "m:func": _write_function,
    "m:acc": _write_accent,
    "m:bar": _write_bar,
    "m:m": _write_matrix,
    "m:eqArr": _write_lines,
    "m:sSup": _write_script("{e}^{{{sup}}}"),
    "m:sSub": _write_script("{e}_{{{sub}}}"),
    "m:sSubSup": _write_script("{e}_{{{sub}}}^{{{sup}}}"),
    "m:sPre": _write_script("{{}}_{{{sub}}}^{{{sup}}}{e}"),
    "m:limLow": _write_script("{e}_{{{lim}}}"),
    "m:limUpp": _write_script("{e}^{{{lim}}}"),
    "w:del": lambda element: "",
}
