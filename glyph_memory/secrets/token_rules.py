"""Tokens and keys of services, known by how they begin. Knows formats that their makers publish, and nothing else.

Tokens are long: words of less than fifteen characters are passed over, and only in longer ones a rule's literal is
looked for. What follows the literal is a run of characters without an end condition, or of bounded length, so that no
input takes longer than in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from glyph_memory.secrets.finding import SecretFinding
from glyph_memory.secrets.looks import is_mixed, is_no_slug

_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt])|(?<=%[0-9A-Fa-f]{2}))"
"""A token begins a word, or follows an escape of JSON (`\\n`) or of a URL (`%3D`)."""


class TokenRule(NamedTuple):
    """How the tokens of one service look."""

    kind: str
    literal: str
    pattern: re.Pattern[str]
    accepts: Callable[[str], bool] | None


def _make_rules(
    kind: str, literals: str, body: str, accepts: Callable[[str], bool] | None = None, *, start: str = _START
) -> Iterator[TokenRule]:
    for literal in literals.split():
        yield TokenRule(kind, literal, re.compile(f"{start}{re.escape(literal)}{body}"), accepts)


_ALNUM, _WORD = "[A-Za-z0-9]", r"[A-Za-z0-9_\-]"
_NO_MORE = "(?![A-Za-z0-9])"
_JWT_START = r"(?:(?<![\w\-])|(?<=\\[bfnrt])|(?<=%[0-9A-Fa-f]{2}))"
"""Stricter: a run that has no second part is not tried again from its middle."""

TOKEN_RULES: tuple[TokenRule, ...] = (
    *_make_rules("aws-key", "AKIA ASIA ABIA ACCA", "[A-Z2-7]{16}" + _NO_MORE),
    *_make_rules("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", _ALNUM + "{36,}+"),
    *_make_rules("github-token", "github_pat_", "[A-Za-z0-9_]{22,}+"),
    *_make_rules(
        "gitlab-token", "glpat- gldt- glrt- glptt- glcbt- glft- glsoat-", r"[A-Za-z0-9_.\-]{20,}+", is_no_slug
    ),
    *_make_rules(
        "slack-token", "xoxb- xoxp- xoxa- xoxr- xoxs- xoxe- xoxe. xapp-", r"[A-Za-z0-9.\-]{10,}+", is_mixed
    ),
    *_make_rules("slack-webhook", "hooks.slack.com/", r"(?:services|workflows|triggers)/[A-Za-z0-9/]{20,}+"),
    *_make_rules("google-key", "AIza", _WORD + r"{35}(?![A-Za-z0-9_])"),
    *_make_rules("google-token", "ya29. GOCSPX-", _WORD + "{20,}+"),
    *_make_rules("anthropic-key", "sk-ant-", _WORD + "{20,}+"),
    *_make_rules("openrouter-key", "sk-or-v1-", _WORD + "{20,}+"),
    *_make_rules("openai-key", "sk-", _WORD + "{20,}+", is_mixed),
    *_make_rules("huggingface-token", "hf_ api_org_", _ALNUM + "{30,}+"),
    *_make_rules("stripe-key", "sk_live_ sk_test_ rk_live_ rk_test_ whsec_", _ALNUM + "{16,}+"),
    *_make_rules("npm-token", "npm_", _ALNUM + "{36,}+"),
    *_make_rules("pypi-token", "pypi-AgE", _WORD + "{40,}+"),
    *_make_rules("sendgrid-key", "SG.", _WORD + r"{16,32}\." + _WORD + "{16,64}"),
    *_make_rules("digitalocean-token", "dop_v1_ doo_v1_ dor_v1_", "[0-9a-f]{64}"),
    *_make_rules("shopify-token", "shpat_ shpss_ shpca_ shppa_", "[0-9A-Fa-f]{32}"),
    *_make_rules("groq-key", "gsk_", _ALNUM + "{40,}+"),
    *_make_rules("replicate-token", "r8_", _ALNUM + "{37,}+"),
    *_make_rules("xai-key", "xai-", _ALNUM + "{60,}+"),
    *_make_rules("vault-token", "hvs. hvb.", _WORD + "{24,}+"),
    *_make_rules("databricks-token", "dapi", "[0-9a-f]{32}" + _NO_MORE),
    *_make_rules("linear-key", "lin_api_", _ALNUM + "{32,}+"),
    *_make_rules("notion-token", "ntn_", _ALNUM + "{40,}+"),
    *_make_rules("docker-token", "dckr_pat_", _WORD + "{27,}+"),
    *_make_rules("grafana-token", "glsa_", _ALNUM + "{32}_[0-9A-Fa-f]{8}"),
    *_make_rules("newrelic-key", "NRAK-", "[A-Z0-9]{27}"),
    *_make_rules("postman-key", "PMAK-", r"[A-Za-z0-9]{24}\-[A-Za-z0-9]{34}"),
    *_make_rules("age-key", "AGE-SECRET-KEY-1", "[A-Z0-9]{58}"),
    *_make_rules("atlassian-token", "ATATT3", r"[A-Za-z0-9_=\-]{60,}+"),
    *_make_rules("perplexity-key", "pplx-", _ALNUM + "{40,}+"),
    *_make_rules("supabase-key", "sbp_", "[0-9a-f]{40}"),
    *_make_rules("nvidia-key", "nvapi-", _WORD + "{60,}+"),
    *_make_rules("tavily-key", "tvly-", _WORD + "{20,}+", is_mixed),
    *_make_rules("langsmith-key", "lsv2_", "(?:pt|sk)_[0-9a-f]{32}(?:_[0-9a-f]{10})?"),
    *_make_rules("telegram-token", ":AA", _WORD + r"{32,35}" + r"(?![A-Za-z0-9_\-])", start=r"(?<=\d{8})"),
    *_make_rules(
        "jwt", "eyJ", _WORD + r"{8,}+\.eyJ" + _WORD + r"{8,}+\." + _WORD + "{10,}+", start=_JWT_START
    ),
)
"""In this order: where two fit one place, the first names the kind."""


_LONG_WORD = re.compile(r"[A-Za-z0-9_.\-]{15,}+")
_LITERAL = re.compile("|".join(sorted({re.escape(rule.literal.strip(":/")) for rule in TOKEN_RULES})))


def find_tokens(text: str) -> Iterator[SecretFinding]:
    """Yield the tokens and keys of services in a text."""
    for word in _LONG_WORD.finditer(text):
        if _LITERAL.search(text, *word.span()):
            yield from _find_in_word(text, *word.span())


def _find_in_word(text: str, begin: int, end: int) -> Iterator[SecretFinding]:
    for kind, literal, pattern, accepts in TOKEN_RULES:
        place = text.find(literal, max(0, begin - 1), end + 1)  # ":" and "/" are no part of a word
        while place >= 0:
            match = pattern.match(text, place)
            good = match is not None and (accepts is None or accepts(match[0]))
            if match is not None and good:
                start = match.start() + (literal[0] == ":")  # it parts a bot's number from its token
                yield SecretFinding(start=start, end=match.end(), kind=kind)
            place = text.find(literal, match.end() if match else place + 1, end + 1)
