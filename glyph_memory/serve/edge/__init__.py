"""The edge of the proxy: who may ask, how much, what is told of it, and how the server is started and stopped.

Knows requests and records; knows nothing about folding or dialects' bodies.
"""
