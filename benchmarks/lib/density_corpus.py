"""Some sixty texts of the kinds that people and agents read, from what any machine has: a list of `Sample`s.

Most are files as they lie there (`density_files`); the rest is real data in usual formats (`density_made`), and what
commands print (`density_outputs`). A text that a machine lacks is left out. Knows texts and kinds; knows nothing about
pages.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass

from glyph_memory.style import PageStyle
from glyph_memory.testing import agent_conversation
from glyph_memory.typesetting.pages import compose
from lib import density_files as files
from lib import density_made as made
from lib import density_outputs as outputs


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A text, and what kind of text it is."""

    kind: str
    """As it stands in tables; several texts are of one kind."""
    name: str
    """What it is."""
    text: str
    """Its characters."""


def _dump(value: object, *, is_pretty: bool) -> str:
    separators = None if is_pretty else (",", ":")
    text = json.dumps(value, indent=2 if is_pretty else None, separators=separators, ensure_ascii=False)
    return files.cut([text])


def _talk(lines: int | None) -> str:
    talk = agent_conversation(turns=300, tool_lines=lines)
    return files.cut([compose(talk, style=PageStyle.glyph()).text])


_PATCHES = (
    ("encodings/cp1250", "encodings/cp1257"), ("encodings/iso8859_2", "encodings/iso8859_16"),
    ("dbm/gnu", "dbm/dumb"), ("csv", "plistlib"), ("asyncio/unix_events", "asyncio/windows_events"),
)  # fmt: skip
_MANUALS = ("tar.1", "grep.1", "find.1", "ssh_config.5")

_SOURCES: dict[str, dict[str, Callable[[], str]]] = {
    "prose": {
        "language reference, paragraphs": files.read_paragraphs,
        "language reference": files.read_topics,
    },
    "licences": {
        "Apache": lambda: files.read_licence("Apache-2.0"),
        "GPL": lambda: files.read_licence("GPL-3"),
        "of packages": files.read_licence_files,
    },
    "manual pages": {
        "of tar": lambda: files.read_manual("tar.1"),
        "of tools": lambda: files.read_manual("grep.1", "find.1", "xargs.1", "sed.1"),
        "of settings": lambda: files.read_manual("ssh_config.5", "sudoers.5", "crontab.5", "fstab.5"),
        "as roff": lambda: files.read_manual_sources(*_MANUALS),
    },
    "READMEs": {
        "in Markdown": lambda: files.read_readmes("text/markdown"),
        "in reST": lambda: files.read_readmes("text/x-rst"),
        "files in Markdown": lambda: files.read_package_files(".md"),
    },
    "Python": {
        "classes": lambda: files.read_modules(["argparse"]),
        "functions": lambda: files.read_modules(["inspect"]),
        "comments": lambda: files.read_modules(["heapq", "functools", "bisect", "textwrap"]),
        "tests": lambda: files.read_modules(["unittest/mock"]),
        "stubs": lambda: files.read_package_files(".pyi"),
    },
    "other code": {
        "C headers": files.read_headers,
        "JavaScript": lambda: files.read_package_files(".js"),
        "CSS": lambda: files.read_package_files(".css"),
        "shell": lambda: files.read_folder("/usr/share/bash-completion/completions"),
        "SQL dump": made.make_sql,
    },
    "JSON, pretty": {
        "functions": lambda: _dump(made.list_functions(), is_pretty=True),
        "characters": lambda: _dump(made.list_characters(), is_pretty=True),
        "build variables": lambda: _dump(made.list_variables(), is_pretty=True),
        "tool calls": lambda: files.cut(made.make_tool_calls()),
    },
    "JSON, compact": {
        "functions": lambda: _dump(made.list_functions(), is_pretty=False),
        "characters": lambda: _dump(made.list_characters(), is_pretty=False),
        "build variables": lambda: _dump(made.list_variables(), is_pretty=False),
    },
    "YAML": {
        "manifests": made.make_manifests,
        "functions": lambda: files.cut(made.write_yaml(made.list_functions())),
        "of packages": lambda: files.read_package_files(".yaml", ".yml"),
    },
    "TOML, INI": {
        "TOML": made.make_toml,
        "INI": made.make_ini,
        "entry points": lambda: files.read_package_files("entry_points.txt", ".toml", ".cfg", ".ini", most=4000),
    },
    "XML, HTML": {
        "property list": made.make_plist,
        "HTML of packages": lambda: files.read_package_files(".html"),
        "XML of packages": lambda: files.read_package_files(".xml"),
    },
    "CSV, TSV": {
        "characters": made.make_csv,
        "functions, TSV": lambda: made.make_csv("\t"),
        "RECORDs": files.read_records,
        "of packages": lambda: files.read_package_files(".csv", most=6000),
    },
    "diffs": {
        "of codecs": lambda: outputs.make_diffs(*_PATCHES[:2]),
        "of modules": lambda: outputs.make_diffs(*_PATCHES[2:]),
    },
    "logs": {
        "imports": lambda: files.run_python("-S", "-E", "-v", "-c", "import asyncio, json, email.message"),
        "doctest": lambda: files.run_python("-m", "doctest", "-v", str(files.find_stdlib() / "difflib.py")),
        "web server": outputs.make_web_log,
        "service": outputs.make_service_log,
        "package manager": lambda: files.read_file("/var/log/dpkg.log"),
    },
    "tracebacks": {"of many errors": outputs.make_tracebacks},
    "listings": {
        "ls -lR": outputs.list_folder,
        "grep -rn": lambda: outputs.search_sources("import "),
        "cat -n": lambda: outputs.number_lines("configparser"),
        "packages": lambda: files.run_python("-m", "pip", "list", "-v", "--disable-pip-version-check"),
    },
    "padded tables": {
        "psql": lambda: made.make_table("psql"),
        "Markdown": lambda: made.make_table("markdown"),
        "box drawing": lambda: made.make_table("box"),
    },
    "translations": {
        name: functools.partial(files.read_translations, code)
        for name, code in {
            "German": "de", "French": "fr", "Turkish": "tr", "Vietnamese": "vi", "Russian": "ru", "Greek": "el"
        }.items()
    },
    "other scripts": {
        name: functools.partial(files.read_translations, code)
        for name, code in {
            "Chinese": "zh_CN", "Japanese": "ja", "Korean": "ko", "Arabic": "ar", "Hebrew": "he", "Hindi": "hi"
        }.items()
    },
    "agents": {
        "short results": lambda: _talk(None),
        "long results": lambda: _talk(40),
    },
}  # fmt: skip


@functools.cache
def list_samples(*, is_quick: bool = False) -> tuple[Sample, ...]:
    """Return all texts that this machine has, kind by kind; with `is_quick` one of each kind, a quarter as long."""
    found = list[Sample]()
    for kind, sources in _SOURCES.items():
        for name, read in sources.items():
            text = read()
            if len(text) < files.LEAST_CHARACTERS:
                continue
            if is_quick:
                text = files.cut([text], at_most=files.CHARACTERS // 4)
            found.append(Sample(kind=kind, name=name, text=text))
            if is_quick:
                break
    return tuple(found)
