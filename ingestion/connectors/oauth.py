"""Access tokens that are bought with a refresh token or a client's own credentials."""

from __future__ import annotations

from typing import Any

from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from pydantic import SecretStr
from requests import Response, codes

from ingestion.connectors.client import Api
from ingestion.connectors.settings import Settings


def by_refresh_token(
    settings: Settings, token_url: str, client_id: str, client_secret: SecretStr, refresh_token: SecretStr
) -> OAuth2ClientCredentials:
    """Return what signs requests with access tokens that a refresh token buys."""
    return OAuth2ClientCredentials(
        access_token_url=token_url,
        client_id=client_id,
        client_secret=client_secret.get_secret_value(),
        access_token_request_data={
            "grant_type": "refresh_token",
            "refresh_token": refresh_token.get_secret_value(),
        },
        session=Api(settings, is_refused=is_bad_grant).session,
    )


class ByAccount(OAuth2ClientCredentials):
    """Buys access tokens for an account, as Zoom's server-to-server apps do."""

    def build_access_token_request(self) -> dict[str, Any]:
        """Return the arguments of the request for a token."""
        return {"auth": (self.client_id, self.client_secret), "data": self.access_token_request_data}


def by_account(
    settings: Settings, token_url: str, account_id: str, client_id: str, client_secret: SecretStr
) -> OAuth2ClientCredentials:
    """Return what signs requests with access tokens of an account."""
    return ByAccount(
        access_token_url=token_url,
        client_id=client_id,
        client_secret=client_secret.get_secret_value(),
        access_token_request_data={"grant_type": "account_credentials", "account_id": account_id},
        session=Api(settings, is_refused=is_bad_grant).session,
    )


def is_bad_grant(response: Response) -> bool:
    """Tell whether a token endpoint refuses what should have bought a token: status 400 or 401 (RFC 6749)."""
    return response.status_code in {codes.bad_request, codes.unauthorized}
