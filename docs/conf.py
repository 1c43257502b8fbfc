"""How the site is built. Run by `make docs`; warnings are errors.

Sphinx makes it, MyST reads Markdown, Furo draws it. Why these: Sphinx has been released steadily for more than 15
years and reads docstrings itself, it knows when a link inside the site leads nowhere, and all three are BSD or MIT.
MkDocs, the usual other choice, is not developed further, nor is its Material theme. Nothing is fetched from the network
while the site is built, and no reader's browser is sent to a third party.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import site_parts
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import glyph_memory

project = "glyph-memory"
author = "the glyph-memory developers"
copyright = author
version = release = glyph_memory.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
nitpicky = True
default_role = "py:obj"
suppress_warnings = [
    "ref.python"
]  # two classes are called GlyphMemory, and a docstring that names one means its own
nitpick_ignore = [
    # `Store` is public to be opened, given to memories and closed. What it is made of is not.
    ("py:class", "glyph_memory.store.erasing.ErasingDatabase"),
    ("py:class", "glyph_memory.store.values.ConversationInfo"),
    ("py:class", "glyph_memory.store.values.ConversationMark"),
    ("py:class", "glyph_memory.store.values.SealReader"),
    ("py:class", "glyph_memory.store.schema.Schema"),
    ("py:class", "glyph_memory.store.session_store.SessionStore"),
    # A model in this process, as the reader holds it; trainers have its parts by name.
    ("py:class", "glyph_memory.readers.local.loading.LoadedModel"),
    # What `open_shards` hands to the run that it opens.
    ("py:class", "glyph_memory.documents.bulk.drawn.DrawingPlan"),
    ("py:class", "glyph_memory.documents.shards.listing.SourceListing"),
    ("py:class", "glyph_memory.documents.shards.plan.Finished"),
    # What a recipe has in mind for a sample before it is made.
    ("py:class", "glyph_memory.training.pages.recipe.SamplePlan"),
    # What makes the application in a worker; `create_app` is one, and the one that is public.
    ("py:class", "glyph_memory.serve.edge.run.AppFactory"),
    # `Keys` are read and handed over; whom one finds is for the server.
    ("py:class", "glyph_memory.serve.edge.keys.Caller"),
    # What the fake server hands to those parts of it that spell an answer.
    ("py:class", "glyph_memory.testing.script.FakeReply"),
    # What the middleware adds to an agent's state; LangChain alone uses it.
    ("py:class", "langchain_glyph_memory.middleware.GlyphState"),
]
nitpick_ignore_regex = [
    ("py:class", r".*\.[A-Z]"),  # type variables have no page
    ("py:class", r".*\bAnnotated\[.*"),  # pydantic's validators, spelled out
]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_inherit_docstrings = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"glyph-memory {release}"
html_static_path: list[str] = []
html_show_sphinx = False
html_copy_source = False
html_theme_options: dict[str, Any] = {"top_of_page_buttons": []}


def _list_outdated(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """Name the pages that are made from the code and are no reference, whose sources Sphinx knows itself."""
    pages = [
        name for name in env.found_docs if not name.startswith("reference/") or name.endswith("command-line")
    ]
    return [name for name in pages if site_parts.is_made(Path(env.doc2path(name)).read_text())]


_NAME_LINK = re.compile(r"\]\((?:[\w./-]*/)?(?:reference/)?[\w-]+\.md#((?:\w+\.)+\w+)\)")
_CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)(\w?)")


def _expand(app: Sphinx, docname: str, source: list[str]) -> None:
    # A name of the reference is linked by its page, for those who read on a code host; MyST looks for the name alone.
    for face in site_parts.FACES:
        if docname.startswith("reference/"):
            app.env.note_dependency(str(sys.modules[face].__file__))
    source[0] = _NAME_LINK.sub(r"](#\1)", site_parts.expand(source[0]))


def _mark_code(app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]) -> None:
    """Turn what docstrings write as in Markdown into what docutils reads: `name` is looked up, other code is shown."""

    def mark(found: re.Match[str]) -> str:
        code, after = found[1], found[2]
        marked = f"`{code}`" if re.fullmatch(r"[\w.]+", code) else f"``{code.strip()}``"
        return f"{marked}\\ {after}" if after else marked

    lines[:] = [_CODE.sub(mark, line) for line in lines]
    if what in {"attribute", "data", "property"}:
        _MARKED[name] = [*lines]


_MARKED: dict[str, list[str]] = {}


def _undo_types(app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]) -> None:
    """Undo what Napoleon makes of an attribute's sentence with a colon: it takes what stands before it for a type."""
    if any(line.startswith(":type:") for line in lines):
        lines[:] = _MARKED[name]


def _public_targets() -> dict[str, str]:
    """Map what signatures call a class, by its home or by its bare name, to where the reference has it."""
    targets = {}
    for face in site_parts.FACES:
        for one in site_parts.list_public_names(face):
            value = getattr(sys.modules[face], one.name)
            home = getattr(value, "__module__", one.home)
            targets[f"{home}.{one.name}"] = targets[f"{one.home}.{one.name}"] = f"{face}.{one.name}"
            targets.setdefault(one.name, f"{face}.{one.name}")
    return targets


def _find_target(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.TextElement
) -> nodes.Node | None:
    """Link a name to the reference wherever it lives; leave the names of other libraries as they are.

    A name of ours in a signature that is not public is a warning, and so an error.
    """
    target = str(node.get("reftarget", ""))
    if node.get("refdomain") != "py":
        return None
    name = target.removeprefix("~").removesuffix("()")
    head, _, member = name.rpartition(".")
    public = app.config.public_targets
    found = public.get(name) or (f"{public[head]}.{member}" if head in public else None)
    domain: Any = env.get_domain("py")
    if found and found in domain.objects and found != target:
        entry = domain.objects[found]
        return _link(app, str(node["refdoc"]), entry.docname, entry.node_id, contnode)
    is_ours = name.split(".")[0] in {
        "glyph_memory",
        "glyph_memory_ray",
        "langchain_glyph_memory",
    } or name.startswith("llama_index.memory.glyph")
    return None if is_ours and node.get("reftype") != "obj" else contnode


def _link(app: Sphinx, origin: str, docname: str, anchor: str, content: nodes.TextElement) -> nodes.Node:
    uri = f"{app.builder.get_relative_uri(origin, docname)}#{anchor}"
    return nodes.reference("", "", content, internal=True, refuri=uri)


def setup(app: Sphinx) -> None:
    """Register what is special to this site."""
    for face in site_parts.FACES:
        __import__(face)
    app.add_config_value("public_targets", _public_targets(), "")
    app.connect("env-get-outdated", _list_outdated)
    app.connect("source-read", _expand)
    app.connect("autodoc-process-docstring", _mark_code, priority=400)  # before Napoleon, at 500
    app.connect("autodoc-process-docstring", _undo_types, priority=600)
    app.connect("missing-reference", _find_target)
