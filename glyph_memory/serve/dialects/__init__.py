"""The three spellings in which clients ask: what is said in a request, and how a folded one is spelled.

Knows bodies; knows nothing about HTTP, stores or upstreams.
"""
