"""Asks an application as a reader's browser would, in the process: no socket, no thread."""

import asyncio

import httpx
from fastapi import FastAPI

from coordinator.web.app import make_app
from coordinator.web.site import Site


class Reader:
    """Asks one site. app: its application."""

    def __init__(self, site: Site) -> None:
        self.app: FastAPI = make_app(site, watch=False)

    def get(self, address: str, *, method: str = "GET") -> httpx.Response:
        """Return the answer to a request; what fails inside is an answer, too."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://monitor") as client:
                return await client.request(method, address)

        return asyncio.run(ask())
