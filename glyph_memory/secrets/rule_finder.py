"""`RuleFinder`: the finder that is used unless another is given: rules by formats, names and checksums.

Knows the rules' modules; knows nothing about what is done with what they find. No rule goes by randomness alone: what
agents say is full of hashes and identifiers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from glyph_memory.secrets.addresses import find_addresses, find_headers
from glyph_memory.secrets.assignments import find_assignments
from glyph_memory.secrets.codes import find_codes
from glyph_memory.secrets.commands import find_commands
from glyph_memory.secrets.ends import complete
from glyph_memory.secrets.finding import SecretFinding, merge_findings
from glyph_memory.secrets.links import find_links
from glyph_memory.secrets.numbers import find_numbers
from glyph_memory.secrets.private_keys import find_private_keys
from glyph_memory.secrets.sentences import find_sentences
from glyph_memory.secrets.token_rules import find_tokens

_RULES = (
    find_private_keys, find_tokens, find_addresses, find_headers, find_links, find_commands, find_assignments,
    find_sentences, find_codes, find_numbers,
)  # fmt: skip
"""From the most exact to the least: the first names the kind where two find the same."""
_ENDLESS = {find_headers, find_commands, find_assignments, find_sentences}
"""These know where a secret begins, and not its alphabet."""


@dataclass(frozen=True, slots=True)
class RuleFinder:
    """Finds secrets by rules: tens of megabytes a second, and never longer than in proportion to the text.

    Example:
        >>> [found] = RuleFinder().find("export GITHUB_TOKEN=ghp_" + "a1B2" * 9)
        >>> found.kind
        'github-token'
    """

    def find(self, text: str) -> Iterable[SecretFinding]:
        """Return where secrets stand, in order, without overlaps."""
        return merge_findings(
            finding
            for rule in _RULES
            for finding in (complete(text, rule(text)) if rule in _ENDLESS else rule(text))
        )
