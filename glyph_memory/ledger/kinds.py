"""What identifiers there are, and which kind a string is: random keys, names in code, paths, addresses, numbers.

Knows the shapes of strings; knows nothing about turns or tokens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from glyph_memory.ledger.risk import is_word

IdentifierKind = Literal["uuid", "hash", "key", "url", "email", "path", "number", "version", "date", "name"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Identifier:
    """Something whose every character counts."""

    text: str
    """Verbatim."""
    kind: IdentifierKind
    """What it looks like; hosts and addresses are of kind `url`, tickets and tokens of kind `key`."""
    count: int = 1
    """How often it stands in the text it was found in."""


_SECRET = re.compile(
    r"(?:(?:sk|pk|rk|whsec|xox[a-z]|gh[a-z]|github_pat|glpat|hf|npm|pypi|dop_v1|shpat|SG)[\-_.]|AKIA|ASIA|AIza|ya29\.|eyJ)"
    r"[A-Za-z0-9_\-.]{8,}+={0,2}"
)
_TICKET = re.compile(r"[A-Z][A-Z0-9]++-\d{2,}+(?:-[A-Z0-9]++)*+")
_GROUPS = re.compile(r"[A-Z0-9]{2,}+(?:-[A-Z0-9]++)++")
_STANDARDS = re.compile(r"UTF-\d+|SHA-\d+|AES-\d+|ISO-\d+|COVID-\d+")
_SOLID = re.compile(r"[A-Za-z0-9+/_\-]{16,}={0,2}")
_LETTERS = re.compile(r"(?=[A-Z+/]*[a-z])[A-Za-z+/]{20,}={0,2}")
_MIXED = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{5,}")
_FIGURE = re.compile(r"\d+(?:[A-Za-zµ]{1,4}|(?:x|X|on|of|e)\d+[a-z]{0,2})")
_CHANGES = re.compile(r"[A-Z]?[a-z]++|[A-Z]++|\d++|[+/_\-]++")
_SYLLABLES = re.compile(r"[A-Za-z][a-z]{3,}+")

_SNAKE = re.compile(r"_*+[^\W_]++(?:_++[^\W_]++)++_*+|__[^\W_]++__|--[A-Za-z][\w\-]++")
_CAMEL = re.compile(
    r"[a-z]{2,}+\d*+[A-Z][A-Za-z0-9]*+|(?:[A-Z][a-z]{2,}+\d*+){2,}+[A-Z]*+|[A-Z]{2,}[a-z]{3,}+(?:[A-Z][a-z]++)++"
)
_DOTTED = re.compile(r"[^\W\d]\w*+(?:\.[^\W\d]\w*+)++")
_KEBAB = re.compile(r"\w++(?:[\-.]\w++)++")
_LEADS = re.compile(
    r"top|mid|pre|post|under|over|age[sd]?|late|early|non|sub|circa|pp|vol|no|nr", re.IGNORECASE
)


def is_key(atom: str) -> bool:
    """Return whether an atom looks random: a token, a ticket, a licence key, a row of base64."""
    digits = sum(character.isdigit() for character in atom)
    if not digits:
        return bool(_LETTERS.fullmatch(atom)) and _is_random(atom)
    if _SECRET.fullmatch(atom):
        return True
    if _GROUPS.fullmatch(atom):
        long = any(len(group) > 2 for group in atom.split("-")[1:]) and digits > 1
        return bool(_TICKET.fullmatch(atom) or long) and not _STANDARDS.fullmatch(atom)
    if _MIXED.fullmatch(atom) and not _FIGURE.fullmatch(atom):
        pieces = _CHANGES.findall(atom)
        words = digits < 3 and all(piece.isdigit() or is_word(piece) for piece in pieces)
        return len(pieces) > 2 and not words and (digits > 3 or not _CAMEL.fullmatch(atom))
    return bool(_SOLID.fullmatch(atom)) and (digits > 3 or not _SNAKE.fullmatch(atom)) and _is_random(atom)


def _is_random(atom: str) -> bool:
    """Return whether letters, cases and digits change too often for words or parts of words."""
    pieces = _CHANGES.findall(atom)
    spoken = sum(len(part) for part in _SYLLABLES.findall(atom) if is_word(part))
    return len(pieces) > 3 and 2 * spoken < len(atom) and 5 * len(pieces) >= len(atom)


def is_name(atom: str) -> bool:
    """Return whether an atom looks like a name in code or of a machine: snake_case, camelCase, worker-3, --flag."""
    if _SNAKE.fullmatch(atom):
        return any(character.isalpha() for character in atom)
    if _CAMEL.fullmatch(atom):
        return True
    if _MIXED.fullmatch(atom):
        return not _FIGURE.fullmatch(atom)
    if _DOTTED.fullmatch(atom):
        return _is_dotted(atom.split("."))
    return bool(_KEBAB.fullmatch(atom)) and _is_numbered(atom)


def _is_dotted(parts: list[str]) -> bool:
    """Return whether full stops join names, and do not end sentences or abbreviate words."""
    if any(_SNAKE.fullmatch(part) or _CAMEL.fullmatch(part) for part in parts):
        return True
    return all(len(part) > 1 for part in parts) and all(part[0].islower() for part in parts[1:])


def _is_numbered(atom: str) -> bool:
    """Return whether a number is part of a name, as in `payments-3`, and not of a phrase, as in `24-hour`."""
    parts = re.split(r"[\-.]", atom)
    if not any(character.isdigit() for character in atom):
        return any(_SNAKE.fullmatch(part) for part in parts)
    if _STANDARDS.fullmatch(atom) or not ("-" in atom or (atom[0].isalpha() and len(atom) > 5)):
        return False
    if parts[0][0].isdigit() and all(part.isalpha() or part.isdigit() for part in parts[1:]):
        return False
    if len(parts) == 2 and _LEADS.fullmatch(parts[0]):
        return False
    return any(not part.isdigit() and not _FIGURE.fullmatch(part) for part in parts)


_EXTENSIONS = re.compile(
    # code
    r"py[cidx]?|ipynb|[mc]?js|[jt]sx?|m?ts|vue|svelte|java|kts?|scala|groovy|gradle|[chmr]|cc|cpp|cxx|mm|h[hp]p|"
    r"cs|fsx?|go|rs|rb|php|p[lm]|lua|jl|swift|dart|exs?|[eh]rl|hs|mli?|clj|lisp|vim|(?:ba|z|fi)?sh|ps1|bat|cmd|"
    r"sql|html?|s?css|sass|less|x[ms]l|xsd|graphql|proto|asm|tf|tfvars|hcl|nix|"
    # data and settings
    r"json[l5]?|ndjson|ya?ml|toml|ini|cfg|conf|env|properties|lock|mdx?|rst|te?xt|tex|bib|[ct]sv|parquet|avro|"
    r"log|out|err|pid|sock|db|sqlite3?|bak|tmp|swp|patch|diff|plist|service|timer|pem|crt|cer|key|pub|p12|"
    r"np[yz]|pth?|onnx|safetensors|gguf|ckpt|h5|pkl|"
    # documents, pictures, archives, programs
    r"png|jpe?g|gif|webp|bmp|ico|tiff?|svg|pdf|docx?|xlsx?|pptx?|od[tsp]|epub|zip|tar|t?gz|bz2|xz|zst|7z|rar|"
    r"jar|war|whl|deb|rpm|apk|exe|dll|so|dylib|bin|iso|img|wasm|mp[34]|mov|avi|mkv|wav|flac|ogg|webm|[ot]tf|woff2?"
)
_TOP_DOMAINS = re.compile(
    r"com|org|net|edu|gov|io|dev|ai|app|biz|cloud|internal|local|localhost|lan|corp|intranet|svc|"
    r"invalid|onion|de|fr|uk|eu|nl|ch|es|pt|pl|cz|se|fi|dk|ie|ru|ua|tr|gr|hu|jp|cn|kr|tw|hk|au|nz|ca|br|mx|za"
)
_HIDDEN = re.compile(
    r"\.(?:\w*(?:rc|ignore|env|profile|config|history|attributes|cache)|git\w*|ssh|aws|kube|docker\w*|vscode|"
    r"idea|local|npm|ci|env\.\w+)"
)
_FILE = re.compile(r"\.?[\w@+~%\-]++(?:\.[\w@+~%\-]++)*?\.(\w{1,12})")
_PLACE = re.compile(r"(?:(?::\d++){1,2}+|(?:::\w++){1,3}+|#[\w.\-]++)$")
_PORT = re.compile(r"(\w[\w.\-]*+):(\d{2,5})(?:/[^:]*)?")
_HOST = re.compile(r"(?:[^\W_][^\W_\-]*+(?:-+[^\W_\-]++)*+\.)+([^\W\d_]{2,})")
_FROM = re.compile(r"(?:~|\.{1,2}|@[\w\-]+)?[/\\]")
_QUANTITY = re.compile(r"[\d.]+[A-Za-z]{0,4}")


def path_kind(atom: str) -> IdentifierKind | None:
    """Return the kind of an atom with slashes: a path, an address, or None for prose such as `and/or`."""
    if "//" in atom:
        return None
    if _has_port(atom):
        return "url"
    body = _PLACE.sub("", atom)
    parts = [part for part in re.split(r"[/\\]+", body) if part]
    if ":" in body or "@" in body[1:] or not any(_has_letters(part) for part in parts):
        return None
    if _FROM.match(body):
        return "path" if len(body) > 2 else None
    if _is_host(parts[0]) and len(parts) > 1:
        return "url"
    telling = is_file_name(parts[-1]) or body[-1] in "/\\" or len(parts) > 3
    return "path" if telling or any(_is_code_like(part) for part in parts) else None


def address_kind(atom: str) -> IdentifierKind | None:
    """Return `path` for a file name, `url` for a host, with or without a port, else None."""
    if is_file_name(_PLACE.sub("", atom)):
        return "path"
    return "url" if _has_port(atom) or (len(atom) > 5 and _is_host(atom)) else None


def is_file_name(name: str) -> bool:
    """Return whether a name ends like a file's name, or is one of those that begin with a full stop."""
    match = _FILE.fullmatch(name)
    if match and _EXTENSIONS.fullmatch(match[1].lower()):
        return not match[1].istitle() or len(match[1]) == 1
    return bool(_HIDDEN.fullmatch(name))


def _has_port(atom: str) -> bool:
    """Return whether an atom begins with a host and its port: `redis:6379` does, `step:12` does not."""
    match = _PORT.fullmatch(atom)
    if not match or match[1].isdigit():
        return False
    return len(match[2]) >= 4 or match[1] == "localhost" or not match[1].isalpha()


def _is_host(name: str) -> bool:
    match = _HOST.fullmatch(name)
    return bool(match and _TOP_DOMAINS.fullmatch(match[1]))


def _is_code_like(part: str) -> bool:
    """Return whether a folder's name looks like code, unlike any word of prose."""
    if "_" in part.strip("_"):
        return True
    return len(part) > 3 and any(c.isdigit() for c in part) and _has_letters(part)


def _has_letters(part: str) -> bool:
    """Return whether a part is more than a figure with its unit."""
    return not _QUANTITY.fullmatch(part) and any(character.isalpha() for character in part)


_PATTERNS: tuple[tuple[IdentifierKind, str], ...] = (
    ("uuid", r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"),
    ("hash", r"(?i:sha\d{1,3}|md5|blake\w{1,3})[:\-][0-9A-Za-z+/_\-]{16,}={0,2}"),
    ("hash", r"0[xX][0-9A-Fa-f]{4,}"),
    ("hash", r"(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{7,}|(?=\d*[A-F])(?=[A-F]*\d)[0-9A-F]{7,}"),
    ("hash", r"[0-9A-Fa-f]{2}(?:[:\-][0-9A-Fa-f]{2}){5,}"),
    (
        "date",
        r"(?:19|20)\d\d(?P<ymd>[\-/.])\d{1,2}(?P=ymd)\d{1,2}(?:[T:]\d\d:?\d\d(?::?\d\d(?:[.,]\d+)?)?(?:Z|[+\-]\d\d:?\d\d)?)?",
    ),
    ("date", r"(?:0?[1-9]|[12]\d|3[01])(?P<dmy>[\-/.])(?:0?[1-9]|[12]\d|3[01])(?P=dmy)(?:19|20)\d\d"),
    ("date", r"(?:0?[1-9]|[12]\d|3[01])/(?:0?[1-9]|[12]\d|3[01])/\d\d|\d{8}T\d{4,6}Z?"),
    ("date", r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+\-]\d\d:?\d\d)?"),
    ("url", r"\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|/\d{1,2})?"),
    ("url", r"(?=[^:]*+:[^:]*+:)(?=.*\d)(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?:/\d{1,3})?"),
    ("version", r"[vV]\d++(?:\.\d++)++(?:[+\-._]?[0-9A-Za-z][0-9A-Za-z.+\-]*+)?"),
    ("version", r"\d+\.\d+\.\d+(?:\.\d+)?(?:[+\-.]?[A-Za-z][0-9A-Za-z.+\-]*)?"),
    ("version", r"\d+\.\d+[\-.]?(?:rc|alpha|beta|a|b|dev|post|pre)[.\-]?\d*"),
    ("email", r"[\w.%+\-]++@(?:[\w\-]++\.)++[^\W\d_]{2,}+"),
    ("url", r"[\w.\-]++@[\w.\-]++:(?=[\d./~\-]*+[A-Za-z])[\w./~\-]++"),
    ("name", r"@[\w.\-]+/[\w.\-]+(?:@[\w.^~\-]+)?"),
    ("number", r"\+?\d++(?:[.\-]\d++)*+(?:[A-Za-zµ]{1,5})?"),
)
_SHAPES = re.compile("|".join(f"(?:{pattern})(?P<_{n}>)" for n, (_, pattern) in enumerate(_PATTERNS)))
_YEARS = re.compile(r"(?:19|20)\d\d-(?:(?:19|20)\d\d|\d\d)")
_DIGITS = re.compile(r"\d++")


def classify(atom: str) -> IdentifierKind | None:
    """Return the kind of an atom; None for words, for short numbers and for what has to be split."""
    if atom.isdigit() and atom.isascii():
        return "number" if len(atom) >= 5 else None  # as the patterns say, in a fraction of the time
    match = _SHAPES.fullmatch(atom)
    if match:
        shape = _PATTERNS[int((match.lastgroup or "_0")[1:])][0]
        return shape if shape != "number" or _is_long_number(atom) else None
    if "/" in atom or "\\" in atom:
        return path_kind(atom) or ("key" if is_key(atom) else None)
    if (":" in atom or "." in atom) and (kind := address_kind(atom)):
        return kind
    if is_key(atom):
        return "key"
    return "name" if is_name(atom) else None


def _is_long_number(atom: str) -> bool:
    """Return whether a number is long: five digits in a row, or seven in groups, and not a span of years."""
    groups = [len(group) for group in _DIGITS.findall(atom)]
    if "-" in atom:
        return not _YEARS.fullmatch(atom) and (max(groups) >= 5 or (sum(groups) >= 7 and groups != [4, 4]))
    return sum(groups) >= 5
