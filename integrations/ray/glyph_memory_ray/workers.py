"""Have a cluster's workers do shards, each once, and take what comes of them.

Knows Ray; what a shard is, it does not know.
"""

from __future__ import annotations

import pickle
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import ray
import ray.data

from glyph_memory_ray.cluster import tell_of_clusters

S = TypeVar("S")
T = TypeVar("T")
_BLOCKS = 10_000
"""Blocks of a data set, at most; Ray's driver keeps some kilobytes of each."""


class ShardWorker(ABC, Generic[S, T]):
    """What Ray makes on each worker, and calls with a row for each shard."""

    @abstractmethod
    def work(self, shard: S) -> T:
        """Return what came of a shard."""

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:  # noqa: D102 - as Ray calls it
        shard: S = pickle.loads(row["shard"])  # noqa: S301 - the driver's own
        return {"result": pickle.dumps(self.work(shard))}


def run_shards(
    worker: type[ShardWorker[S, T]],
    arguments: Sequence[Any],
    shards: Sequence[S],
    *,
    workers: int | None,
    remote: Mapping[str, Any] | None,
) -> Iterator[T]:
    """Yield what came of each shard, in the order in which it comes.

    Args:
        worker: What does them.
        arguments: What it is made with.
        shards: What there is to do.
        workers: How many do it; as many as the cluster has processors unless given.
        remote: What `ray.data.Dataset.map` is told of workers.

    Raises:
        GlyphMemoryError: The cluster, or something in it, is gone.
    """
    if not shards:
        return
    with tell_of_clusters():
        start_ray()
        cluster: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]  # Ray's
        count = min(workers or max(1, int(cluster.get("CPU", 1))), len(shards))
        done = make_rows(shards).map(
            worker,  # type: ignore[arg-type]  # a class that is called; Ray's types know functions alone
            fn_constructor_args=tuple(arguments),
            compute=ray.data.ActorPoolStrategy(size=count),
            **{"num_cpus": 1, **(remote or {})},
        )
        for row in done.iter_rows():
            result: T = pickle.loads(row["result"])  # noqa: S301 - our workers' own
            yield result


def start_ray() -> None:
    """Start Ray where this process has no connection to a cluster."""
    if not ray.is_initialized():
        ray.init()


def make_rows(shards: Sequence[Any]) -> ray.data.Dataset:
    """Return a data set with a row for each shard."""
    rows = [{"shard": pickle.dumps(shard)} for shard in shards]
    return ray.data.from_items(rows, override_num_blocks=min(len(rows), _BLOCKS))
