"""Tell file paths, file names and hosts from prose with slashes, colons and full stops.

Knows shapes alone; looks at no disk and asks no name server.
"""

from __future__ import annotations

import re

from glyph_memory.ledger.identifier import IdentifierKind

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
_FIGURE = re.compile(r"[\d.]+[A-Za-z]{0,4}")


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
    return not _FIGURE.fullmatch(part) and any(character.isalpha() for character in part)
