"""Whether a worker has what the driver has: what has to be the same on all machines.

Knows versions; knows nothing about work.
"""

from __future__ import annotations

from collections.abc import Mapping

import glyph_memory
from glyph_memory.documents.shards.tables import load_arrow


def find_versions() -> dict[str, str]:
    """Return which versions of what has to be the same everywhere are here."""
    return {"glyph-memory": glyph_memory.__version__, "pyarrow": load_arrow()[0].__version__}


def find_other_version(wanted: Mapping[str, str]) -> str:
    """Return what is another version here than the driver's, and what to do; empty where all are the same."""
    here = find_versions()
    for name, version in wanted.items():
        if here[name] != version:
            found = f"a worker has {name} {here[name]}, and the driver has {version}"
            return f"{found}; install one version on all machines"
    return ""
