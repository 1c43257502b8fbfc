"""Ctrl-C is held back while something is stored, and let through where it may stop something."""

from __future__ import annotations

import signal

import pytest

from glyph_memory.cli.interrupts import Interrupts


def test_ctrl_c_waits_until_it_is_allowed() -> None:
    """What runs in between is not torn; then it counts, once."""
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), interrupts.allow():
            pytest.fail("it was to stop what begins now")
        with interrupts.allow():
            pass


def test_ctrl_c_stops_what_may_be_stopped() -> None:
    """At once; and afterwards it is held back again."""
    with Interrupts() as interrupts:
        with pytest.raises(KeyboardInterrupt), interrupts.allow():
            signal.raise_signal(signal.SIGINT)
            pytest.fail("it was to stop here")
        signal.raise_signal(signal.SIGINT)


def test_afterwards_ctrl_c_is_what_it_was() -> None:
    """Whoever handled it before does so again."""
    before = signal.getsignal(signal.SIGINT)
    with Interrupts():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before
