"""A vendor's API on loopback: what each fake is built on. It keeps the documented rules, and fails on demand."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit


class Request(NamedTuple):
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]  # the last value of each name
    headers: Mapping[str, str]
    body: bytes
    target: str  # path and query as they were sent

    def json(self) -> Any:
        """Return the JSON of the body."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """Return the fields of a form in the body."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode()).items()}


class Answer(NamedTuple):
    """What is answered; a body that is no bytes goes as JSON."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = {}

    @property
    def content(self) -> bytes:
        """The body's bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()


class Fault(NamedTuple):
    """What happens to the next requests of a path in place of an answer."""

    path: str  # a regular expression
    kind: str  # status, cut (the connection breaks in mid-answer) or slow (the client's time is out in mid-answer)
    answer: Answer
    after: int  # requests that are answered first


class Vendor:
    """A fake API. A subclass gives `answer`; `with Vendor() as vendor:` serves it at `vendor.url`."""

    has_open_paths: str = r"$^"  # a regular expression: paths that need no token

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.tokens: set[str] = set()
        self.issued = 0
        self._closing = Event()

    def answer(self, request: Request) -> Answer:
        """Answer a request that is signed as it should be."""
        raise NotImplementedError

    def refusal(self) -> Answer:
        """Answer a request without a good token."""
        return Answer({"message": "unauthorized"}, 401)

    def issue(self) -> str:
        """Return a new token, which is good from now on."""
        self.issued += 1
        token = f"token-{self.issued}-{secrets.token_hex(8)}"
        self.tokens.add(token)
        return token

    def fail(self, path: str, kind: str, *, times: int = 1, after: int = 0, answer: Answer = Answer()) -> None:  # noqa: B008
        """Have the next requests of a path fail.

        Args:
            path: a regular expression.
            kind: `status` (answers `answer`), `cut` or `slow`.
            times: how many requests fail.
            after: how many are answered before.
            answer: in place of the right one.
        """
        self.faults += [Fault(path, kind, answer, after if number == 0 else 0) for number in range(times)]

    def asked(self, path: str, method: str = "") -> list[Request]:
        """Return the requests of a path so far."""
        return [found for found in self.requests if re.search(path, found.path) and found.method.startswith(method)]

    def next_fault(self, path: str) -> Fault | None:
        """Take the fault that is due for a request, if one is."""
        for at, fault in enumerate(self.faults):
            if re.search(fault.path, path):
                if fault.after:
                    self.faults[at] = fault._replace(after=fault.after - 1)
                    return None
                return self.faults.pop(at)
        return None

    def is_signed(self, request: Request) -> bool:
        """Tell whether a request brings a good token."""
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.tokens

    def wait_for_client(self) -> None:
        """Wait until the test is over: the client's time is out long before."""
        self._closing.wait(10)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()


def _handler_of(vendor: Vendor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, parts.path, query, dict(self.headers), body, self.path)
            vendor.requests.append(request)
            fault = vendor.next_fault(request.path)
            with suppress(ConnectionError):
                if fault and fault.kind == "status":
                    self._send(fault.answer)
                elif fault:
                    self._break_off(self._right_answer(request), fault.kind)
                else:
                    self._send(self._right_answer(request))

        do_POST = do_DELETE = do_GET

        def _right_answer(self, request: Request) -> Answer:
            is_open = re.search(vendor.has_open_paths, request.path)
            return vendor.answer(request) if is_open or vendor.is_signed(request) else vendor.refusal()

        def _send(self, answer: Answer, length: int | None = None) -> None:
            self.send_response(answer.status)
            headers = {"Content-Type": "application/json"} | dict(answer.headers)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content[:length])
            self.wfile.flush()

        def _break_off(self, answer: Answer, kind: str) -> None:
            self._send(answer, len(answer.content) // 2)
            if kind == "slow":
                vendor.wait_for_client()
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    return Handler
