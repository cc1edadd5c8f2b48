"""A small company for ingestion's tests: files written from dictionaries, extracted and loaded."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

import ingestion
from leadmill.settings import Home

AS_OF = datetime.fromisoformat("2026-11-01T00:00:00+09:00")


class Company(NamedTuple):
    """Sources in `folder`, data in `home`."""

    folder: Path
    home: Home

    def sources(self, *sources: dict[str, Any], **settings: str) -> ingestion.Sources:
        """Write and read a sources file."""
        path = self.folder / "sources.yml"
        path.write_text(json.dumps(settings | {"sources": sources}, ensure_ascii=False))
        return ingestion.read_sources(path)

    def deliver(self, files: Mapping[str, str | bytes]) -> None:
        """Write files below the folder."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def run(self, sources: ingestion.Sources, as_of: datetime = AS_OF) -> ingestion.LoadResult:
        """Extract every source and load."""
        for source in sources.sources:
            ingestion.extract(sources, source.name, self.home, as_of, lambda _: None)
        return ingestion.load(self.home, as_of, lambda _: None)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return rows of the warehouse."""
        with duckdb.connect(str(self.home.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def raw(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """Return columns of a raw table in the order of its files and rows."""
        return self.query(f"select {columns} from raw.{table} order by _delivered_at, _file, _row_number")

    def landed(self) -> list[str]:
        """Return every path in the landing, but for the locks."""
        return sorted(
            path.relative_to(self.home.landing).as_posix()
            for path in self.home.landing.rglob("*")
            if path.is_file() and path.name != ".lock"
        )


def utc(*parts: int) -> datetime:
    """Return a moment as the warehouse has it: UTC, without saying so."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[misc]


def page(*records: Any, key: str = "results") -> str:
    """Return a line as a paged API gives it."""
    return json.dumps({key: records, "paging": {"next": {"after": "1"}}}, ensure_ascii=False) + "\n"


def contact(contact_id: str, **properties: Any) -> dict[str, Any]:
    """Return a HubSpot contact."""
    times = {"createdAt": "2026-01-31T03:04:05.123Z", "updatedAt": "2026-01-31T03:04:05Z"}
    return {"id": contact_id, **times, "archived": False, "properties": properties}


def mapped(path: str, columns: dict[str, str], *, entity: str = "lead", **settings: Any) -> dict[str, Any]:
    """Return a source of files mapped to one entity."""
    stream = {"entity": entity, "path": path, "format": "csv", "columns": columns} | settings
    return {"name": "own", "system": "files", "streams": [stream]}


HUBSPOT = {"name": "hubspot", "system": "hubspot", "path": "hubspot"}
CARDS = mapped("cards/**/*.csv", {"lead_id": "id", "created_at": "day", "email": "mail"})
