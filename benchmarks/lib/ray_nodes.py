"""A Ray cluster of this machine, whose nodes can be killed.

Knows Ray's own cluster for tests; knows nothing about work.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from typing import Any

from lib.results import ROOT

PATHS = os.pathsep.join(map(str, (ROOT, ROOT / "benchmarks", ROOT / "integrations" / "ray")))
"""Where workers find the code that is measured."""


@dataclass(kw_only=True, slots=True)
class RayNodes:
    """A cluster of this machine, whose nodes can be killed."""

    cluster: Any
    """Ray's own, for tests of clusters."""
    nodes: list[Any] = field(default_factory=list)
    """Those that draw."""

    @property
    def session(self) -> str:
        """The folder of the cluster's session."""
        return str(self.cluster.head_node.get_session_dir_path())

    @classmethod
    def start(cls) -> RayNodes:
        """Start a head and two nodes."""
        from ray.cluster_utils import Cluster

        room = {"object_store_memory": 100 * 1024 * 1024, "include_dashboard": False}
        made = cls(cluster=Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **room}))
        for _ in range(2):
            made.add()
        return made

    def add(self) -> None:
        """Add a node with one processor."""
        environment = {"PYTHONPATH": PATHS}
        self.nodes.append(
            self.cluster.add_node(num_cpus=1, object_store_memory=100 * 1024 * 1024, env_vars=environment)
        )

    def kill(self, dice: random.Random) -> None:
        """Kill a node, and put another in its place."""
        node = self.nodes.pop(dice.randrange(len(self.nodes)))
        self.cluster.remove_node(node, allow_graceful=False)
        self.add()
