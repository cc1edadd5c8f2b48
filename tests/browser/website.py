"""A web site on loopback whose pages carry the tracker, and whose server tells the collector of the forms it gets."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen
from uuid import uuid4

from serving.collector.signatures import signature

SECRET = "a secret of the site's server"  # noqa: S105
# Names below localhost are loopback to a browser, and as good as https: crypto and secure cookies work.
HOST = "shop.localhost"

_PAGE = """<!doctype html><meta charset="utf-8"><title>{path}</title>
<script>window.leadmill = window.leadmill || []</script>
<script async src="{collector}/tracker.js" {attributes}></script>
<body style="margin: 0">{body}</body>"""


class Website:
    """Pages by path; a form that is posted anywhere is told to the collector's webhook and answered with `thanks`."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.origin = f"http://{HOST}:{server.server_port}"
        self.collector = ""
        self.thanks = "Thank you"
        self._pages: dict[str, tuple[str, str]] = {}

    def page(self, path: str, body: str, attributes: str = "") -> str:
        """Put up a page and return its address."""
        self._pages[path] = (body, attributes)
        return self.origin + path

    def html(self, path: str) -> str | None:
        """Return a page with the tracker; None where there is none."""
        if path not in self._pages:
            return None
        body, attributes = self._pages[path]
        return _PAGE.format(path=path, body=body, attributes=attributes, collector=self.collector)

    def submitted(self, path: str, fields: dict[str, str]) -> str:
        """Tell the collector of a form, as the site's server does, and return the page that says thank you."""
        now = time.time()
        body = json.dumps(
            {
                "submission_id": fields.pop("submission"),
                "form_id": fields.pop("form"),
                "submitted_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
                "email": fields["email"],
                "fields": fields,
                "page_url": self.origin + path,
            }
        ).encode()
        headers = {
            "X-Leadmill-Timestamp": str(int(now)),
            "X-Leadmill-Signature": signature(SECRET, str(int(now)), body),
            "Idempotency-Key": str(uuid4()),
        }
        with urlopen(Request(f"{self.collector}/webhook/form", body, headers)) as answer:  # noqa: S310
            assert answer.status == 202
        return _PAGE.format(path=path, body=self.thanks, attributes="", collector=self.collector)


@contextmanager
def serving() -> Iterator[Website]:
    """Serve a site until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(site.html(urlsplit(self.path).path))

        def do_POST(self) -> None:
            fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._answer(site.submitted(self.path, {name: values[0] for name, values in fields.items()}))

        def _answer(self, html: str | None) -> None:
            content = (html or "").encode()
            self.send_response(200 if html else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Website(server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
