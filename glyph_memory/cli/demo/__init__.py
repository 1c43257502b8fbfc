"""`glyph-memory demo`: texts as pages, a conversation remembered, questions answered from pixels."""
