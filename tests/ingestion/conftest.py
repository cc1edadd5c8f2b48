from pathlib import Path

import pytest

from leadmill.settings import Home
from tests.ingestion.deliveries import Company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """An empty company with an empty data home."""
    folder = tmp_path / "company"
    folder.mkdir()
    return Company(folder, Home(path=tmp_path / "home"))
