"""An HTTP client for vendors' APIs, on dlt's: pages, retries, rates, renewed tokens, errors without secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Literal
from urllib.parse import urlsplit

from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.sources.helpers.requests import Client
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests import PreparedRequest, Response, Session, codes, exceptions
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from ingestion.connectors.settings import Settings
from leadmill.errors import InputError, LeadmillError

Judge = Callable[[Response], bool]

ATTEMPTS = 5
_LONGEST_WAIT_SECONDS = 300
_CUT = (
    exceptions.ConnectionError,
    exceptions.Timeout,
    exceptions.ChunkedEncodingError,
    exceptions.ContentDecodingError,
)
_BLOCK_BYTES = 1 << 20


def is_unauthorized(response: Response) -> bool:
    """Tell whether the answer says that the token is not, or no longer, good."""
    return bool(response.status_code == codes.unauthorized)


class AnswerError(LeadmillError):
    """The vendor answered, but not what was asked for. The answer is for a connector to judge, and is never told."""

    def __init__(self, message: str, response: Response | None = None) -> None:
        super().__init__(message)
        self.response = response


class Api:
    """One vendor's API.

    A request that is not answered whole is sent again: on a connection cut in mid-answer, a time-out, status 429 or
    5xx; after what `Retry-After` says, else after a growing wait. A refused token of an `OAuth2ClientCredentials` is
    renewed once. Every method raises InputError for refused credentials or permissions, else LeadmillError; neither
    tells query, headers or body.
    """

    def __init__(
        self,
        settings: Settings,
        auth: AuthBase | None = None,
        *,
        headers: dict[str, str] | None = None,
        is_refused: Judge = is_unauthorized,
        is_busy: Judge | None = None,
    ) -> None:
        """Make the client; nothing is sent yet.

        Args:
            settings: the connector's: host, rate and time-out.
            auth: signs each request; None for an endpoint that gives tokens.
            headers: sent with each request.
            is_refused: tells an answer that asks for a new token, where a vendor says so with another status.
            is_busy: tells an answer to ask for again, where a vendor says so with a status that means something else.
        """
        self.session = _VendorSession(settings, auth, is_refused, is_busy)
        self._client = RESTClient(
            settings.url, headers=headers, auth=auth, session=self.session, config=RuntimeConfiguration()
        )

    def get(self, path: str, params: dict[str, Any] | None = None) -> Response:
        """Return the answer to a GET request."""
        return self._client.get(path, params=params)

    def post(self, path: str, json: Any = None, **arguments: Any) -> Response:  # noqa: ANN401
        """Return the answer to a POST request; `arguments` are those of `requests`: data, params, files."""
        return self._client.post(path, json=json, **arguments)

    def pages(
        self,
        path: str,
        paginator: BasePaginator,
        *,
        records: str,
        method: Literal["GET", "POST"] = "GET",
        params: dict[str, Any] | None = None,
        json: dict[str, Any] | None = None,
    ) -> Iterator[tuple[Response, list[Any]]]:
        """Yield the answers that a paginator of dlt asks for, each with its records.

        Args:
            path: below the settings' `url`.
            paginator: finds the next page in an answer.
            records: JSON path of the list of records.
            method: of the request.
            params: query of the first request.
            json: body of the first request.
        """
        found = self._client.paginate(
            path, method, params, json, paginator=paginator, data_selector=records, hooks={"response": []}
        )
        for page in found:
            yield page.response, list(page)

    def download(self, path: str, target: Path, params: dict[str, Any] | None = None) -> Mapping[str, str]:
        """Write an answer of any size to a file, whole or not at all, and return its headers.

        Raises:
            LeadmillError: it broke off each time.
        """
        for attempt in range(ATTEMPTS):
            try:
                with self._client.get(path, params=params, stream=True) as response, target.open("wb") as file:
                    for block in response.iter_content(_BLOCK_BYTES):
                        file.write(block)
            except _CUT:
                sleep(2**attempt)
            else:
                return response.headers
        target.unlink(missing_ok=True)
        raise LeadmillError(f"GET {urlsplit(path).path} broke off {ATTEMPTS} times; run again later")


class _VendorSession(Session):
    """Sends through dlt's session, which retries; renews tokens and tells errors."""

    def __init__(self, settings: Settings, auth: AuthBase | None, is_refused: Judge, is_busy: Judge | None) -> None:
        super().__init__()
        self._auth = auth
        self._is_refused = is_refused
        self._is_busy = is_busy
        self._retrying: Session = Client(
            request_timeout=settings.timeout_seconds,
            raise_for_status=False,
            exceptions=_CUT,
            request_max_attempts=ATTEMPTS,
            request_max_retry_delay=_LONGEST_WAIT_SECONDS,
            retry_condition=lambda response, _: response is not None and _is_unusable(response, is_busy),
        ).session
        self._retrying.send.retry.sleep = sleep  # type: ignore[attr-defined]
        pace = _PacedAdapter(settings.requests_per_second)
        self._retrying.mount("https://", pace)
        self._retrying.mount("http://", pace)

    def send(self, request: PreparedRequest, **arguments: Any) -> Response:  # noqa: ANN401
        """Send a request until it is answered.

        Raises:
            LeadmillError: it can't be answered.
        """
        if arguments.get("timeout") is None:
            arguments.pop("timeout", None)  # dlt asks for tokens by `post`, whose None would switch the time-out off
        response = self._answer(request, arguments)
        if self._is_refused(response) and isinstance(self._auth, OAuth2ClientCredentials):
            self._auth.obtain_token()
            response = self._answer(self._auth(request), arguments)
        told = f"{request.method} {urlsplit(request.url or '').path} was answered with status {response.status_code}"
        if self._is_refused(response):
            raise InputError(f"{told}: the credentials are refused; check those below `api` of the source")
        is_over_limit = self._is_busy is not None and self._is_busy(response)
        if response.status_code == codes.forbidden and not is_over_limit:
            raise InputError(f"{told}: the credentials lack a permission; docs/connectors.md lists what each needs")
        if not response.ok:
            raise AnswerError(f"{told}; run again later, and check the source's settings if it stays", response)
        return response

    def _answer(self, request: PreparedRequest, arguments: dict[str, Any]) -> Response:
        try:
            return self._retrying.send(request, **arguments)
        except exceptions.RequestException as error:
            # Its own text holds the whole address, query included.
            host = urlsplit(request.url or "")
            raise LeadmillError(
                f"{request.method} {host.path}: no whole answer from {host.hostname} ({type(error).__name__});"
                " run again later"
            ) from None


class _PacedAdapter(HTTPAdapter):
    """Sends at most so many requests a second, repeated ones included."""

    def __init__(self, requests_per_second: float | None) -> None:
        super().__init__()
        self._interval = 1 / requests_per_second if requests_per_second else 0.0
        self._next_at = 0.0

    def send(self, *arguments: Any, **named: Any) -> Response:  # noqa: ANN401
        """Send a request when it is its turn."""
        now = monotonic()
        if self._next_at > now:
            sleep(self._next_at - now)
        self._next_at = max(now, self._next_at) + self._interval
        return super().send(*arguments, **named)


def _is_unusable(response: Response, is_busy: Judge | None) -> bool:
    """Tell whether to ask again: the vendor says so, or its JSON was cut where no length told of it."""
    is_json = response.ok and "json" in response.headers.get("Content-Type", "")
    if is_json and response.content and response.content.rstrip()[-1:] not in b"}]":
        return True
    return is_busy is not None and is_busy(response)
