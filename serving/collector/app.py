"""The collector as a web application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse

from serving.collector.endpoints import Collector

TRACKER = Path(__file__).with_name("tracker.js")
_TRACKER_SECONDS = 3600
_PREFLIGHT_SECONDS = 86_400


def create_app(collector: Collector) -> FastAPI:
    """Return the application of one collector; its writer and its forwarder work while it runs."""

    @asynccontextmanager
    async def working(_: FastAPI) -> AsyncIterator[None]:
        writing = asyncio.create_task(collector.writer.run())
        forwarding = asyncio.create_task(asyncio.to_thread(collector.forwarder.run))
        yield
        collector.forwarder.stop()
        await forwarding
        writing.cancel()
        await asyncio.wait([writing])

    app = FastAPI(lifespan=working, openapi_url=None)  # a public endpoint lists nothing
    app.add_middleware(
        CORSMiddleware,
        allow_origins=collector.settings.allowed_origins,
        allow_methods=["POST"],
        allow_headers=["Content-Type"],
        allow_credentials=True,  # navigator.sendBeacon always sends as if there were cookies; we set and read none
        max_age=_PREFLIGHT_SECONDS,
    )
    # Plain routes: a request has no parameters to resolve, which would cost a third of the answers a second.
    app.add_route("/collect", collector.collect, methods=["POST"])
    app.add_route("/webhook/form", collector.webhook, methods=["POST"])
    app.add_route("/health", collector.health, methods=["GET"])
    app.add_route("/tracker.js", _tracker, methods=["GET"])
    return app


async def _tracker(_: Request) -> Response:
    """Serve the browser's snippet."""
    headers = {"Cache-Control": f"public, max-age={_TRACKER_SECONDS}"}
    return FileResponse(TRACKER, media_type="text/javascript", headers=headers)
