"""`recall` and `zoom` for models whose clients have neither: the proxy offers them, and answers them itself.

A client sees one answer, as if its model had known. Knows the dialects' tool calls; knows nothing about HTTP.
"""

from glyph_memory.serve.recall.loop import RecallLoop as RecallLoop
from glyph_memory.serve.recall.tools import add_tools as add_tools
from glyph_memory.serve.recall.tools import may_offer as may_offer
