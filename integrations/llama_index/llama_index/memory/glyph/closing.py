"""What is closed at the end of a `with` block. Knows nothing about what is open."""

from __future__ import annotations

import asyncio
from typing import Self

from llama_index.core.bridge.pydantic import BaseModel


class Closable(BaseModel):
    """Closed by `close` and `aclose`, and at the end of `with` and `async with`."""

    def close(self) -> None:
        """Close what was opened."""

    async def aclose(self) -> None:
        """Do what `close` does, without blocking the event loop."""
        await asyncio.to_thread(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()
