"""A page that asks the explorer's server, in this process: no socket is needed."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx

from stemgeo.explore.server import Door, build_app

if TYPE_CHECKING:
    from stemgeo.explore.server import Explorer

PORT = 8765
OWN = f"http://127.0.0.1:{PORT}"


class Asked:
    """A server that is asked as its own page asks it, unless said otherwise."""

    def __init__(self, explorer: Explorer, **more: Any) -> None:
        self.explorer = explorer
        self.door = Door.on_port(PORT)
        self.app = build_app(explorer, self.door, **more)

    def path(self, path: str) -> str:
        """Give a path with the secret word before it."""
        return f"/{self.door.token}/{path}"

    def __call__(
        self,
        method: str,
        path: str,
        message: Any = None,
        *,
        content: bytes | None = None,
        raw: str | None = None,
        **headers: str | None,
    ) -> httpx.Response:
        """Ask, with a message as JSON or bytes as they are; a header that is None is left out."""
        told = {"Host": f"127.0.0.1:{PORT}", "Origin": OWN, "Sec-Fetch-Site": "same-origin"}
        body = content if content is not None else json.dumps(message).encode()
        told |= {"Content-Type": "application/json"}
        if method == "GET":
            del told["Origin"], told["Content-Type"]
            body = b"" if content is None else content
        told |= {name.replace("_", "-"): value for name, value in headers.items()}  # type: ignore[misc]
        kept = {name: value for name, value in told.items() if value is not None}

        async def ask() -> httpx.Response:
            # What is told to the page is told, whatever the server thinks of it.
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport) as client:
                address = OWN + (self.path(path) if raw is None else raw)
                return await client.request(method, address, headers=kept, content=body)

        return asyncio.run(ask())
