"""Touches the world: the monitor as a web application: routes, static files, headers, and pages for what goes wrong."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from coordinator.web.crowd import MOST_AT_ONCE, Crowd
from coordinator.web.headers import Headers
from coordinator.web.mishaps import register_mishaps
from coordinator.web.routes import (
    api,
    areas,
    availability,
    compare,
    downloads,
    explanation,
    overview,
    pictures,
    profile,
    signals,
    start,
    static,
)
from coordinator.web.site import Site

PAGES = (api, downloads, pictures, start, areas, overview, compare, profile, signals, availability, explanation, static)


def make_app(site: Site, *, watch: bool = True, most_at_once: int = MOST_AT_ONCE) -> FastAPI:
    """Return the application. watch: look for new releases while it runs. most_at_once: readers that are answered."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watcher = threading.Thread(target=site.watch, name="monitor-watch", daemon=True)
        if watch:
            watcher.start()
        yield
        site.stop()
        if watch:
            watcher.join()

    app = FastAPI(title="Samenzicht", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.site = site
    for page in PAGES:
        app.include_router(page.router)
    register_mishaps(app)
    app.add_middleware(Crowd, most=most_at_once)
    app.add_middleware(Headers)  # the last one is outermost: a refusal has the headers too
    return app
