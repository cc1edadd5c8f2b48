"""Bad configuration ends with exit code 2 and a message that names file, line, field and what to do."""

from pathlib import Path

import pytest

from tests.nights import leadmill

MISTAKES = {
    "no such system": ("sources:\n  - {name: a, system: hubspott, path: x}", ":2:", "did you mean 'hubspot'"),
    "two sources of one name": (
        "sources:\n  - {name: a, system: ga4, path: x}\n  - {name: a, system: ga4, path: x}",
        ":1:",
        "must differ",
    ),
    "not YAML": ("sources: [", ":1", "not valid YAML"),
    "no list": ("hello", ":1", "expected `sources:`"),
    "a column that no entity has": (
        "sources:\n  - name: a\n    system: files\n    streams:\n      - entity: lead\n        path: x\n"
        "        format: csv\n        columns: {lead_id: a, created_at: b, e_mail: c}",
        ":5:",
        "did you mean 'email'",
    ),
    "a required column not mapped": (
        "sources:\n  - name: a\n    system: files\n    streams:\n      - {entity: lead, path: x, format: csv}",
        ":5:",
        "lead needs lead_id, created_at",
    ),
    "a secret that is not set": (
        "sources:\n  - {name: a, system: ga4, path: '${LEADMILL_TEST_UNSET}'}",
        ":2:",
        "LEADMILL_TEST_UNSET is not set",
    ),
    "an unknown time zone": (
        "business_timezone: Asia/Tokio\nsources:\n  - {name: a, system: ga4, path: x}",
        ":1:",
        "unknown time zone",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_sources_file_is_told_by_line(mistake: str, tmp_path: Path) -> None:
    text, line, message = MISTAKES[mistake]
    sources = tmp_path / "sources.yml"
    sources.write_text(text)

    result = leadmill("nightly", "--sources", sources, "--home", tmp_path / "home")

    assert result.exit_code == 2
    assert f"{sources}{line}" in result.stderr
    assert message in result.stderr
    assert not (tmp_path / "home" / "warehouse.duckdb").exists()


def test_a_missing_sources_file_says_what_to_do(tmp_path: Path) -> None:
    result = leadmill("nightly", "--sources", tmp_path / "none.yml", "--home", tmp_path)

    assert result.exit_code == 2
    assert "no such sources file" in result.stderr


def test_a_wrong_as_of_is_refused(tmp_path: Path) -> None:
    sources = tmp_path / "sources.yml"
    sources.write_text("sources:\n  - {name: a, system: ga4, path: x}")

    result = leadmill("nightly", "--sources", sources, "--home", tmp_path, "--as-of", "yesterday")

    assert result.exit_code == 2
    assert "ISO 8601" in result.stderr


@pytest.mark.parametrize("command", ["status", "versions", "quarantine", "kpi"])
def test_an_empty_home_is_told_not_traced(command: str, tmp_path: Path) -> None:
    result = leadmill(command, "--home", tmp_path)

    assert result.exit_code in {0, 2}
    assert "Traceback" not in result.output
