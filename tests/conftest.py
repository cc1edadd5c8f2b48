"""What all tests share."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def one_id_key() -> Iterator[None]:
    """Give every test home the same key for published ids, so that homes can be compared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEADMILL_ID_KEY", "a key for tests")
        yield
