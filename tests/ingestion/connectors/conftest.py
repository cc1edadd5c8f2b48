import pytest

from ingestion.connectors import client


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the client would have waited; it waits none."""
    found: list[float] = []
    monkeypatch.setattr(client, "sleep", found.append)
    return found
