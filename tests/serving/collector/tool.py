"""A tool that takes submissions over HTTP: remembers them by their key, and fails as it is told to."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self


class Taken(NamedTuple):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


# Status, headers and body of an answer.
Reply = tuple[int, dict[str, str], dict[str, Any] | list[Any]]


class Tool:
    """A server on loopback; `reply` decides what it answers to a request."""

    def __init__(self) -> None:
        self.requests: list[Taken] = []
        self.reply: Callable[[Taken], Reply] = lambda _: (200, {}, {})
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        tool = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                taken = Taken(self.command, self.path, dict(self.headers), body)
                with tool._lock:
                    tool.requests.append(taken)
                    status, headers, content = tool.reply(taken)
                told = json.dumps(content).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            do_POST = do_PATCH = answer

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
