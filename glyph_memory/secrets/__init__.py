"""Find secrets in what is said, before anything of it is drawn or stored. Knows nothing about pages, stores or models.

A page defeats every scanner that comes after it and looks at text.
"""

from glyph_memory.secrets.finding import SecretFinder, SecretFinding
from glyph_memory.secrets.guard import SecretGuard, SecretMode
from glyph_memory.secrets.refusal import RefusedSecret, without_locals, without_locals_async
from glyph_memory.secrets.rule_finder import RuleFinder

__all__ = [
    "RefusedSecret",
    "RuleFinder",
    "SecretFinder",
    "SecretFinding",
    "SecretGuard",
    "SecretMode",
    "without_locals",
    "without_locals_async",
]
