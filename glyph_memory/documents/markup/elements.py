"""HTML's elements by what they do to text. Knows names; knows nothing about documents."""

from __future__ import annotations

from glyph_memory.document import SpanKind

INLINE_KINDS: dict[str, SpanKind] = {
    **dict.fromkeys(("b", "strong"), "strong"),
    **dict.fromkeys(("i", "em", "cite", "dfn", "var"), "emphasis"),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), "code"),
    **dict.fromkeys(("s", "del", "strike"), "struck"),
    "a": "link",
}
"""What an element marks its text as."""

UNSEEN = frozenset(("script", "style", "template", "title", "noembed", "noframes"))
"""Elements whose text is not shown. That of `noscript` is: nothing here runs scripts."""

BREAKING = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "frameset",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "listing",
        "main",
        "menu",
        "nav",
        "ol",
        "optgroup",
        "option",
        "p",
        "plaintext",
        "pre",
        "search",
        "section",
        "select",
        "select-list",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "xmp",
    ]
)
"""Elements that stand on lines of their own."""

VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)
"""Elements without an end."""

KNOWN = (
    BREAKING
    | VOID
    | UNSEEN
    | INLINE_KINDS.keys()
    | frozenset(
        [
            "abbr",
            "acronym",
            "annotation",
            "applet",
            "audio",
            "bdi",
            "bdo",
            "bgsound",
            "big",
            "blink",
            "button",
            "canvas",
            "colgroup",
            "data",
            "datalist",
            "font",
            "frame",
            "head",
            "html",
            "body",
            "iframe",
            "image",
            "ins",
            "keygen",
            "label",
            "map",
            "mark",
            "marquee",
            "math",
            "meter",
            "nobr",
            "noscript",
            "object",
            "output",
            "picture",
            "progress",
            "q",
            "rb",
            "rp",
            "rt",
            "rtc",
            "ruby",
            "select",
            "slot",
            "small",
            "span",
            "sub",
            "sup",
            "svg",
            "textarea",
            "time",
            "u",
            "video",
        ]
    )
)
"""All elements of HTML; what else stands between `<` and `>` in Markdown is text."""
