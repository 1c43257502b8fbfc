"""Run the tests of the LangChain and LlamaIndex packages with the lowest and the newest versions that they declare.

Each set gets an environment of its own in `.venv-matrix`, which stays for the next time.

python tools/matrix.py [--list] [NAME …]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENVIRONMENTS = ROOT / ".venv-matrix"
TESTED = {
    "langchain": (
        "langchain-openai",
        "langgraph-checkpoint-sqlite",
        "deepagents",
        "langchain-tests",
        "llama-index-core",  # it carries the vocabulary by which tests count
    ),
    "llama_index": (
        "aiosqlite",
        "llama-index-storage-chat-store-sqlite",
        *(
            f"llama-index-llms-{name}"
            for name in (
                "anthropic",
                "bedrock-converse",
                "google-genai",
                "huggingface-api",
                "mistralai",
                "ollama",
            )
        ),
    ),
}
"""Each package's folder, and what its tests want besides."""
PYDANTIC = ("2.12", "2.13", "2.14")
_TOOLS = ("pytest", "pytest-asyncio", "pytest-xdist", "hypothesis", "reportlab", "tiktoken")


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionSet:
    """Versions to be tested together."""

    name: str
    """What to call it."""
    package: str
    """Folder of the package, and of its tests."""
    pins: tuple[str, ...] = ()
    """Requirements besides the package's own."""


def list_sets() -> Iterator[VersionSet]:
    """Yield the sets: each package with its lowest and its newest versions, LlamaIndex with each pydantic."""
    for package in TESTED:
        yield VersionSet(name=f"{package}-lowest", package=package, pins=tuple(list_lowest(package)))
        yield VersionSet(name=f"{package}-newest", package=package)
    for version in PYDANTIC:
        yield VersionSet(
            name=f"llama_index-pydantic-{version}", package="llama_index", pins=(f"pydantic=={version}.*",)
        )


def list_lowest(package: str) -> Iterator[str]:
    """Yield the lower bounds that a package declares, as exact versions."""
    project = tomllib.loads((ROOT / "integrations" / package / "pyproject.toml").read_text(encoding="utf-8"))
    for requirement in project["project"]["dependencies"]:
        found = re.fullmatch(r"([\w-]+)>=([\w.]+),.*", requirement)
        if found:
            yield f"{found[1]}=={found[2]}" if found[2].count(".") > 1 else f"{found[1]}=={found[2]}.*"


def run_tests(one: VersionSet) -> bool:
    """Install a set and run its tests; return whether they pass."""
    python = ENVIRONMENTS / one.name / "bin" / "python"
    if not python.exists():
        venv.create(python.parent.parent, with_pip=True)
    projects = [f"{ROOT}[documents]", str(ROOT / "integrations" / one.package)]
    install = [
        "install",
        "-qq",
        "--disable-pip-version-check",
        "--upgrade",
        *_TOOLS,
        *TESTED[one.package],
        *one.pins,
    ]
    print(f"\n== {one.name}: installing", flush=True)
    _run_python(
        python, "-m", "pip", *install, *(part for project in projects for part in ("-e", project)), check=True
    )
    names = r"^(langchain|langgraph|deepagents|llama-index|openai|pydantic)"
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    print("   " + "  ".join(line for line in listed if re.match(names, line)), flush=True)
    tests = str(ROOT / "tests" / one.package)
    return _run_python(python, "-m", "pytest", "-q", "--numprocesses", "auto", tests, check=False) == 0


def _run_python(python: Path, *arguments: str, check: bool) -> int:
    return subprocess.run([python, *arguments], cwd=ROOT, check=check).returncode


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all sets, or the named ones; return how many did not pass."""
    parser = argparse.ArgumentParser(description="Test the adapters with the versions that they declare.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="sets to run; all unless given")
    parser.add_argument("--list", action="store_true", help="list the sets, with what they pin")
    options = parser.parse_args(arguments)
    known = {one.name: one for one in list_sets()}
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"no set is named {unknown[0]!r}; there are: {', '.join(known)}")
    if options.list:
        for one in known.values():
            print(f"{one.name:30} {' '.join(one.pins) or 'newest'}")
        return 0
    passed = {name: run_tests(known[name]) for name in options.names or known}
    print()
    for name, is_green in passed.items():
        print(f"{name:30} {'passed' if is_green else 'FAILED'}")
    return sum(not is_green for is_green in passed.values())


if __name__ == "__main__":
    sys.exit(main())
