"""Settings of the first-party collector: `collector:` of a source of `system: collector`."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def _origin(value: str) -> str:
    """Return an origin as browsers send it: scheme, host and, where it is not the usual one, port."""
    if not re.fullmatch(r"https?://[a-z0-9.\-\[\]:]+", value):
        raise ValueError(f"{value!r} is no origin; write https://www.example.com, lower case, without a path")
    return value


def _url(value: str) -> str:
    """Return an address to which personal data may be sent: encrypted, or on this machine."""
    parts = urlsplit(value)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise ValueError("must be an https address (http only on this machine)")
    return value.rstrip("/")


Url = Annotated[str, AfterValidator(_url)]
Secret = Annotated[SecretStr, Field(min_length=16)]


class _Receiver(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""  # told in `leadmill outbox`; `to` by default

    @model_validator(mode="before")
    @classmethod
    def _named(cls, content: object) -> object:
        return {"name": content.get("to")} | content if isinstance(content, dict) else content


class HubSpotReceiver(_Receiver):
    """Contacts of a HubSpot account, upserted by e-mail address."""

    to: Literal["hubspot"]
    access_token: SecretStr  # of a private app with the scope crm.objects.contacts.write
    url: Url = "https://api.hubapi.com"
    fields: dict[str, str] = Field(default_factory=dict)  # property of the contact → field of the form


class SalesforceReceiver(_Receiver):
    """Leads of a Salesforce organisation, upserted by an external id field that holds the submission's id."""

    to: Literal["salesforce"]
    url: Url  # https://<my domain>.my.salesforce.com
    client_id: str  # of a connected app with the client-credentials flow
    client_secret: SecretStr
    external_id_field: str = Field("Leadmill_Submission__c", pattern=r"^\w+$")
    fields: dict[str, str] = Field(default_factory=dict)  # field of the lead → field of the form
    defaults: dict[str, str] = Field(default_factory=dict)  # field of the lead → value where the form gives none


class WebhookReceiver(_Receiver):
    """Any other tool: the submission as JSON, signed as the form webhook itself is."""

    to: Literal["webhook"]
    url: Url
    secret: Secret


Receiver = Annotated[HubSpotReceiver | SalesforceReceiver | WebhookReceiver, Field(discriminator="to")]


class CollectorSettings(BaseModel):
    """What a collector accepts, from whom, and to whom it hands form submissions on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allowed_origins: list[Annotated[str, AfterValidator(_origin)]] = Field(default_factory=list)
    webhook_secrets: list[Secret] = Field(default_factory=list)  # all are valid at once: rotate by adding the new one
    trusted_proxies: list[str] = Field(default_factory=list)  # addresses or networks whose X-Forwarded-For counts
    requests_per_minute: int = Field(600, gt=0)  # to /collect, of one client address
    webhooks_per_minute: int = Field(120, gt=0)  # to /webhook/form, of one client address
    forward: list[Receiver] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_differ(self) -> CollectorSettings:
        names = [receiver.name for receiver in self.forward]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"receivers need different names: set `name` of one {', '.join(twice)}")
        return self
