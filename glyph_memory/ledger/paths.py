"""Tell file paths, file names and hosts from prose with slashes, colons and full stops.

Knows shapes alone; looks at no disk and asks no name server.
"""

from __future__ import annotations

import re

from glyph_memory.ledger.identifier import IdentifierKind

_EXTENSIONS = frozenset(
    "py pyi ipynb js mjs cjs jsx ts tsx vue svelte java kt kts scala groovy gradle c h cc cpp cxx hpp hh cs fs "
    "go rs rb php pl pm lua r jl swift m mm dart ex exs erl hs ml clj lisp el vim sh bash zsh fish ps1 bat cmd "
    "sql html htm css scss sass less xml xsd svg json jsonl json5 ndjson yaml yml toml ini cfg conf env "
    "properties lock md mdx rst txt tex bib csv tsv parquet avro proto graphql log out err pid sock db sqlite "
    "sqlite3 bak tmp swp patch diff png jpg jpeg gif webp bmp ico tif tiff pdf doc docx xls xlsx ppt pptx odt "
    "ods epub zip tar gz tgz bz2 xz zst 7z rar jar war whl deb rpm apk exe dll so dylib a o obj bin iso img "
    "wasm pem crt cer key pub p12 mp3 mp4 mov avi mkv wav flac ogg webm ttf otf woff woff2 tf tfvars hcl "
    "service timer dockerfile npy npz pt pth onnx safetensors gguf ckpt h5 pkl".split()
)
_DOMAINS = frozenset(
    "com org net edu gov mil int io dev app ai co me info biz xyz cloud tech online site shop store blog "
    "internal local localhost lan corp home intranet svc test example invalid onion "
    "de fr uk eu nl be ch at it es pt pl cz se no fi dk ie ru ua tr gr hu ro jp cn kr tw hk sg in au nz ca us "
    "br mx ar cl za il ae".split()
)
_LINES = re.compile(r"(?::\d+){1,2}|(?:::[\w.]+)+|#[\w.\-]+")
_TAIL = re.compile(r"(?:(?::\d+){1,2}|(?:::\w+)+|#[\w.\-]+)$")
_PORT = re.compile(r"(\w[\w.\-]*+):(\d{2,5})((?:/.*)?)", re.DOTALL)
_HOST = re.compile(r"(?:\w[\w\-]*+\.)+([^\W\d_]{2,})\.?")
_FILE = re.compile(r"\.?[\w@+~%\-]+(?:\.[\w@+~%\-]+)*?\.(\w{1,12})|\.[A-Za-z][\w\-]+")
_FOLDER_START = re.compile(r"(?:~|\.{1,2}|@[\w\-]+)?[/\\]")


def is_path(atom: str) -> bool:
    """Whether slashes make a path of it: absolute, or with a file name, or with a folder no prose has."""
    body = _TAIL.sub("", atom)
    if body.count(":") or "//" in body:
        return bool(_PORT.fullmatch(body) and "//" not in body)
    if "@" in body[1:]:
        return False
    parts = [part for part in re.split(r"[/\\]+", body) if part]
    if not parts:
        return False
    if _FOLDER_START.match(body):
        return len(body) > 2 and any(part[0].isalpha() or len(part) > 1 for part in parts)
    if _extension(parts[-1]) or body.endswith("/") or len(parts) > 3:
        return any(not part.isdigit() for part in parts)
    first = _HOST.fullmatch(parts[0])
    return bool(first and first[1].lower() in _DOMAINS) or any(_is_coded(part) for part in parts)


def _is_coded(part: str) -> bool:
    """Whether a folder has a name that no word of prose has."""
    digits = sum(character.isdigit() for character in part)
    return "_" in part.strip("_") or (0 < digits < len(part) and len(part) > 3)


def _extension(name: str) -> bool:
    found = _FILE.fullmatch(name)
    return bool(found and (found[1] is None or found[1].lower() in _EXTENSIONS))


def address_kind(atom: str) -> IdentifierKind | None:
    """Tell a file name with or without a line from a host with or without a port."""
    body = _TAIL.sub("", atom)
    if _extension(body):
        return "path"
    port = _PORT.fullmatch(atom)
    if port:
        host = port[1]
        telling = any(not character.isalpha() for character in host) or host == "localhost"
        return "url" if not host.isdigit() and (telling or len(port[2]) >= 4) else None
    host_name = _HOST.fullmatch(atom)
    if host_name and host_name[1] in _DOMAINS and ("." in atom[:-1]) and len(atom) > 5:
        return "url"
    return None
