"""How the command line spells what messages say in Python: `--password …` for `load(…, password=…)`.

Knows options; knows nothing about who prints what.
"""

from __future__ import annotations

import re

_SPELLINGS = (
    (re.compile(r"\bload\((?:path|…), (encoding|password)=('[^']*')\)"), r"--\1 \2"),
    (re.compile(r"\bLoadOptions\(allow_hosts=\(('[^']*'),\)\)"), r"--allow-host \1"),
    (re.compile(r"\bfind_task\(…, judge=reader\)"), "--judge-server URL"),
    (re.compile(r"(?<![\w?&])pages=(?=['\"])"), "--pages "),
    (re.compile(r"\bOpen the memory with canaries=(?=\d)"), "Begin the chat with --canaries "),
    (re.compile(r"\bcanaries=(?=\d)"), "--canaries "),
)


def spell_options(message: str) -> str:
    """Return a message with options where it names arguments.

    Example:
        >>> spell_options("name its encoding, as in load(path, encoding='cp1252')")
        "name its encoding, as in --encoding 'cp1252'"
    """
    for pattern, option in _SPELLINGS:
        message = pattern.sub(option, message)
    return message
