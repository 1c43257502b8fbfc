"""A cluster of this machine, for all tests of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib import ray_workers

ROOT = Path(__file__).parents[2]
PATHS = os.pathsep.join([str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "integrations" / "ray")])


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """Start Ray with two processors; return its address."""
    ray = pytest.importorskip("ray")
    try:
        context = ray.init(
            address="local",  # not one that somebody else runs on this machine
            num_cpus=2,
            include_dashboard=False,
            object_store_memory=100 * 1024 * 1024,
            logging_level="ERROR",
            log_to_driver=False,
            runtime_env={"env_vars": {"PYTHONPATH": PATHS}},
            _node_ip_address="127.0.0.1",
        )
    except Exception as error:  # of many kinds: no ports, no shared memory, no processes
        pytest.skip(f"Ray does not start here: {type(error).__name__}: {error}")
    yield str(context.address_info["gcs_address"])
    ray.shutdown()


def list_workers() -> list[int]:
    """Return the processes of our cluster that draw or ask."""
    import ray

    return ray_workers.list_workers(ray.worker.global_worker.node.get_session_dir_path())
