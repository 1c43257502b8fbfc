"""Requests on their way to an upstream, and its answers on their way back, byte for byte."""

from glyph_memory.serve.proxy.endpoint import FoldingEndpoint as FoldingEndpoint
from glyph_memory.serve.proxy.endpoint import PassingEndpoint as PassingEndpoint
from glyph_memory.serve.proxy.state import ProxyState as ProxyState
