"""Spans and metrics for OpenTelemetry: what took how long, and how much of it there was; never what was said.

Whoever configured an SDK gets them; nothing is configured here, and without an SDK nothing is done. No part of it
raises. The tables of `names` say all that is ever told; what is not in them, or is no number, flag or known word, is
not passed on. Knows OpenTelemetry's API; knows nothing about turns, pages and servers.
"""

from glyph_memory.telemetry.decorators import trace_call as trace_call
from glyph_memory.telemetry.fields import FIELDS as FIELDS
from glyph_memory.telemetry.fields import Fields as Fields
from glyph_memory.telemetry.headers import read_parent as read_parent
from glyph_memory.telemetry.headers import write_headers as write_headers
from glyph_memory.telemetry.instruments import count as count
from glyph_memory.telemetry.instruments import measure as measure
from glyph_memory.telemetry.names import METRICS as METRICS
from glyph_memory.telemetry.names import SPANS as SPANS
from glyph_memory.telemetry.names import SpanKey as SpanKey
from glyph_memory.telemetry.providers import is_counting as is_counting
from glyph_memory.telemetry.providers import is_listening as is_listening
from glyph_memory.telemetry.providers import use_providers as use_providers
from glyph_memory.telemetry.spans import Span as Span
from glyph_memory.telemetry.spans import open_span as open_span
from glyph_memory.telemetry.values import find_word as find_word
from glyph_memory.telemetry.values import name_error as name_error
from glyph_memory.telemetry.values import shorten_model as shorten_model
