"""Find the tracer and the meter of whatever SDK the user configured; None where there is none.

OpenTelemetry is imported by whoever configures it. So it is looked for among the modules that are loaded, and never
imported for its own sake: without it, looking costs a tenth of a microsecond. A provider that is set later is found
then. Nothing here holds a lock, so a forked child has nothing to wait for.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter, MeterProvider
    from opentelemetry.trace import Tracer, TracerProvider

NAME = "glyph_memory"
"""The instrumentation scope of all spans and metrics."""
_TRACE, _METRICS = "opentelemetry.trace", "opentelemetry.metrics"
_VARIABLES = {_TRACE: "OTEL_PYTHON_TRACER_PROVIDER", _METRICS: "OTEL_PYTHON_METER_PROVIDER"}
"""By these, somebody configures an SDK without importing anything."""
_SET = {_TRACE: (_TRACE, "_TRACER_PROVIDER"), _METRICS: (f"{_METRICS}._internal", "_METER_PROVIDER")}
"""Where the API keeps the provider that is set. It says so in no other way without loading one by the variable."""
_LOG = logging.getLogger("glyph_memory.telemetry")
_FAILED = (
    "OpenTelemetry raised %s, so spans or metrics are missing. Look at the SDK's processors and exporters"
)


class _Known:
    """What was found last, each with the provider that it is of."""

    tracer: tuple[object, Tracer | None] = (None, None)
    meter: tuple[object, Meter | None] = (None, None)
    given: tuple[TracerProvider | None, MeterProvider | None] | None = None
    has_failed: bool = False
    missing: ClassVar[set[str]] = set()
    """Parts of the API whose variable names a provider that cannot be loaded."""


def find_tracer() -> Tracer | None:
    """Return the tracer; None where nobody configured an SDK."""
    api = sys.modules.get(_TRACE) or _import_by_variable(_TRACE)
    if api is None:
        return None
    try:
        provider = (
            _find_provider(api.get_tracer_provider, _TRACE) if _Known.given is None else _Known.given[0]
        )
        known, tracer = _Known.tracer
        if provider is not known:
            tracer = _make(provider, "get_tracer")
            _Known.tracer = provider, tracer
        return tracer
    except Exception as error:
        note_failure(error)
        return None


def find_meter() -> Meter | None:
    """Return the meter; None where nobody configured an SDK."""
    api = sys.modules.get(_METRICS) or _import_by_variable(_METRICS)
    if api is None:
        return None
    try:
        provider = (
            _find_provider(api.get_meter_provider, _METRICS) if _Known.given is None else _Known.given[1]
        )
        known, meter = _Known.meter
        if provider is not known:
            meter = _make(provider, "get_meter")
            _Known.meter = provider, meter
        return meter
    except Exception as error:
        note_failure(error)
        return None


def is_listening() -> bool:
    """Return whether anybody gets spans or metrics."""
    return find_tracer() is not None or find_meter() is not None


def is_counting() -> bool:
    """Return whether anybody gets metrics."""
    return find_meter() is not None


@contextmanager
def use_providers(
    tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
) -> Iterator[None]:
    """Use these providers inside the block, in all threads, instead of the process's; for tests and benchmarks."""
    before, _Known.given = _Known.given, (tracer_provider, meter_provider)
    _Known.has_failed = False
    try:
        import_module(_TRACE)
        import_module(_METRICS)
        yield
    finally:
        _Known.given = before


def note_failure(error: Exception) -> None:
    """Log, once for a process, that spans or metrics are missing; by the error's class alone, as it may quote them."""
    # A module that another thread is importing just now has not all its names yet.
    if not _Known.has_failed and not isinstance(error, AttributeError):
        _Known.has_failed = True
        _LOG.warning(_FAILED, type(error).__name__)


def _find_provider(ask: Callable[[], Any], part: str) -> Any:  # noqa: ANN401 - a provider
    """Return the provider that is set, or that the environment names; None once that one could not be loaded.

    The API tries to load it each time it is asked, and writes a traceback to its log.
    """
    if part in _Known.missing:
        module, name = _SET[part]
        return getattr(sys.modules.get(module), name, None)
    try:
        return ask()
    except Exception:
        if _BY_VARIABLE[part]:
            _Known.missing.add(part)
        raise


def _make(provider: Any, method: str) -> Any:  # noqa: ANN401 - a tracer or a meter
    """Return a provider's tracer or meter; None of those of the API itself, which do nothing.

    An SDK that OTEL_SDK_DISABLED turns off gives these, too.
    """
    if provider is None or _is_of_the_api(provider):
        return None
    from glyph_memory import __version__  # noqa: PLC0415 - the package is whole by now

    made = getattr(provider, method)(NAME, __version__)
    return None if _is_of_the_api(made) else made


def _is_of_the_api(made: object) -> bool:
    return type(made).__module__.startswith((_TRACE, _METRICS))


def _import_by_variable(name: str) -> Any | None:  # noqa: ANN401 - a module
    """Import a part of the API where the environment names a provider for it."""
    if not _BY_VARIABLE[name]:
        return None
    try:
        return import_module(name)
    except ImportError:
        _BY_VARIABLE[name] = False
        return None


_BY_VARIABLE = {name: variable in os.environ for name, variable in _VARIABLES.items()}
