"""Long memory for LangChain."""
