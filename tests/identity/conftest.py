"""What the tests of identity share: one compiled warehouse, handed over empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadmill.settings import Home
from tests.identity.company import Company
from tests.identity.graph import Warehouse


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return Warehouse(Home(path=Path(tmp_path_factory.mktemp("identity"))))


@pytest.fixture
def company(warehouse: Warehouse) -> Company:
    return Company(warehouse)
