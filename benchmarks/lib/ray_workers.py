"""Find the processes that work for one Ray cluster, to kill them. Knows Linux's processes; knows nothing about work."""

from __future__ import annotations

import os
from pathlib import Path


def list_workers(session: str) -> list[int]:
    """Return the processes that draw or ask for a cluster; those of others on this machine are not ours to kill.

    Args:
        session: The cluster's folder of its session, as its nodes name it.
    """
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::MapWorker"):
                parent = path.with_name("stat").read_text().rpartition(")")[2].split()[1]
                if os.fsencode(session) in Path(f"/proc/{parent}/cmdline").read_bytes():
                    found.append(int(path.parent.name))
        except OSError:  # it ended meanwhile
            continue
    return found
