"""`connect_cluster`: Ray, quietly, and what it raises as one line.

Knows Ray; knows nothing about documents.
"""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import ray
import ray.exceptions

from glyph_memory import GlyphMemoryError

_CONNECT_S = 10.0
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def connect_cluster(address: str = "local") -> Iterator[None]:
    """Connect to a cluster, and leave it at the end; Ray says nothing but errors.

    Args:
        address: Such as `10.0.0.1:6379`; `auto` for the one that this machine belongs to; `local` to start one here,
            which ends with the context.

    Raises:
        GlyphMemoryError: There is none, it has another version of Ray or Python, or this process has one already.
    """
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    if ray.is_initialized():
        raise GlyphMemoryError("this process is connected to a cluster already; end that with ray.shutdown()")
    _check_port(address)
    # What is killed and goes on is no error here; these lines would come past every logger.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        with _hush():
            ray.init(
                address=address,
                include_dashboard=False if address == "local" else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
    except Exception as error:  # Ray raises of many kinds: ConnectionError, ValueError, RuntimeError
        raise _refuse(address, _first_line(error)) from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def tell_of_clusters() -> Iterator[None]:
    """Make one line of what Ray raises while it works.

    Raises:
        GlyphMemoryError: The cluster, or something in it, is gone.
    """
    try:
        yield
    except (ray.exceptions.RayError, ConnectionError) as error:
        raise GlyphMemoryError(
            f"the cluster ended the run: {_find_reason(error)}. What is finished stays; the same call goes on once the "
            "cluster is there"
        ) from error


@contextmanager
def _hush() -> Iterator[None]:
    """Keep quiet what Ray's own processes and its C++ print past every logger: that they were told to be quiet."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _check_port(address: str) -> None:
    """Raise an error where nobody listens: Ray would try for minutes, and tell of each try."""
    host, parted, port = address.rpartition("://")[2].rpartition(":")
    if not parted or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise _refuse(address, getattr(error, "strerror", None) or str(error)) from error


def _refuse(address: str, why: str) -> GlyphMemoryError:
    return GlyphMemoryError(
        f"there is no cluster at {address!r} to draw on: {why}. Start one with ray start --head, or give 'local'"
    )


def _find_reason(error: BaseException) -> str:
    """Return what a task raised; of other errors, what Ray says first."""
    if isinstance(error, ray.exceptions.RayTaskError):  # a traceback, whose last line tells what it was
        lines = [line for line in _COLOURS.sub("", str(error)).splitlines() if line.strip()]
        return lines[-1].strip().rstrip(".")[:300] if lines else type(error).__name__
    return _first_line(error)


def _first_line(error: BaseException) -> str:
    lines = _COLOURS.sub("", str(error)).strip().splitlines()
    return (lines[0].rstrip(".") if lines else type(error).__name__)[:300]
