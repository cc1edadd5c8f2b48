"""Webinars of Zoom's API: pages, sessions, cancellations, faults, and the same attendance as the report gives."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from ingestion.erasure.warehouse import records_with
from leadmill import transformation
from leadmill.errors import InputError, LeadmillError
from tests.ingestion.connectors.server import Answer
from tests.ingestion.connectors.zoom_server import REGISTRANTS, WEBINAR, Zoom
from tests.ingestion.deliveries import AS_OF, Company, utc

REPORT = f"""Attendee Report
Report Generated:,"Oct 31, 2026 09:00"
Topic,Webinar ID,Actual Start Time,Actual Duration (minutes),# Registered,Unique Viewers
DX 入門,{WEBINAR},"Oct 20, 2026 14:00:12",61,3,2
Attendee Details,
Attended,First Name,Last Name,Email,Company,Phone,Registration Time,Join Time,Leave Time,Time in Session (minutes),\
Survey Answered,Promising
Yes,一,田中,tanaka@example.com,甲社,03-1,"Oct 10, 2026 10:00:00","Oct 20, 2026 14:03:22","Oct 20, 2026 14:33:22",30,\
Yes,Yes
Yes,一,田中,tanaka@example.com,甲社,03-1,"Oct 10, 2026 10:00:00","Oct 20, 2026 14:40:00","Oct 20, 2026 14:50:40",11,\
Yes,Yes
Yes,三,佐藤,sato@example.com,乙社,,"Oct 12, 2026 12:00:00","Oct 20, 2026 14:00:10","Oct 20, 2026 15:00:00",60,,
No,二,鈴木,absent@example.com,,,"Oct 11, 2026 11:00:00",,,,,
"""


@pytest.fixture
def zoom() -> Iterator[Zoom]:
    with Zoom() as vendor:
        yield vendor


def source(zoom: Zoom, **settings: Any) -> dict[str, Any]:
    return {"name": "zoom", "system": "zoom_webinar", "api": zoom.api | {"timeout_seconds": 0.5} | settings}


def rows_of_streams(company: Company) -> dict[str, int]:
    return dict(company.query("select stream, sum(rows_loaded)::bigint from ops.files group by stream"))


def test_every_stream_comes_into_raw(company: Company, zoom: Zoom) -> None:
    result = company.run(company.sources(source(zoom)))

    assert result.rows_quarantined == 0
    assert rows_of_streams(company) == {
        "scheduled_webinars": 3,
        "webinar_reports": 1,
        "registrants": 4,
        "panelists": 1,
        "participants": 5,
        "survey_answers": 1,
    }
    assert company.raw("zoom_webinar__registrants", "webinar_id, id, email") == [
        (str(WEBINAR), "r1", "Tanaka@example.com"),
        (str(WEBINAR), "r2", "absent@example.com"),
        (str(WEBINAR), "r3", "sato@example.com"),
        ("92", "r1", "Tanaka@example.com"),
    ]
    assert company.raw("zoom_webinar__participants", "distinct webinar_id") == [(str(WEBINAR),)]


def test_faults_leave_the_raw_of_an_undisturbed_run(company: Company, zoom: Zoom) -> None:
    zoom.fail("participants$", "status", answer=Answer({"code": 429}, 429, {"Retry-After": "2026-11-02T00:00:00Z"}))
    zoom.fail("participants$", "status", answer=zoom.refusal())
    zoom.fail("participants$", "cut")
    zoom.fail("registrants$", "slow", after=1)
    zoom.fail("survey$", "status", answer=Answer({"code": 500}, 500))

    company.run(company.sources(source(zoom)))

    assert not zoom.faults
    assert [rows_of_streams(company)[stream] for stream in ("registrants", "participants", "survey_answers")] == [
        4,
        5,
        1,
    ]
    assert zoom.issued == 2


def test_the_next_nights_ask_for_what_may_still_change(company: Company, zoom: Zoom) -> None:
    """The webinar is on the 20th: until the 23rd its answers may still come in."""
    sources = company.sources(source(zoom, restatement_days=3))
    company.run(sources, AS_OF - timedelta(days=9))
    zoom.requests.clear()

    company.run(sources, AS_OF - timedelta(days=8))
    assert zoom.asked("/survey$")
    zoom.requests.clear()

    company.run(sources, AS_OF)
    assert not zoom.asked("participants$|survey$|91234567890/registrants$")
    assert zoom.asked("/webinars/92/registrants")


def test_a_registration_without_its_address_is_still_known_as_that_persons(company: Company, zoom: Zoom) -> None:
    company.run(company.sources(source(zoom)))

    with duckdb.connect(str(company.home.warehouse)) as connection:
        found = records_with(connection, {"tanaka@example.com"})

    # A participant whom Zoom tells by the registration alone goes with it when the person is erased.
    assert found == {("zoom", "registrants", "r1")}


def test_wrong_credentials_are_told(company: Company, zoom: Zoom) -> None:
    with pytest.raises(InputError, match="credentials are refused") as error:
        company.run(company.sources(source(zoom, client_secret="marker")))  # noqa: S106

    assert "marker" not in str(error.value)


def test_a_host_that_zoom_does_not_know_is_told_without_the_address(company: Company, zoom: Zoom) -> None:
    with pytest.raises(LeadmillError, match=r"/v2/users/hosts\.1/webinars was answered with status 404") as error:
        company.run(company.sources(source(zoom, hosts=["host@example.com", "nobody@example.com"])))

    assert "nobody" not in str(error.value)
    assert company.landed() == []  # no stream does as if the other hosts were all


@pytest.mark.xdist_group("dbt")
def test_report_and_api_give_the_same_attendance(company: Company, zoom: Zoom) -> None:
    zoom.registrants[WEBINAR].append(REGISTRANTS[0] | {"id": "r4", "email": "cancels@example.com"})
    sources = company.sources(
        source(zoom), {"name": "reports", "system": "zoom_webinar", "path": "zoom"}, reporting_currency="JPY"
    )
    company.deliver({f"zoom/2026-10-21/attendee_{WEBINAR}.csv": REPORT})
    company.run(sources, AS_OF - timedelta(days=9))
    del zoom.registrants[WEBINAR][-1]
    company.run(sources, AS_OF - timedelta(days=8))

    with transformation.project_environment(company.home):
        outcome = dbtRunner().invoke(
            [
                *("build", "--select", "+int_canonical__seminar_attendees +int_canonical__seminars", "--quiet"),
                *("--exclude-resource-type", "unit_test"),
                *("--project-dir", str(transformation.PROJECT), "--profiles-dir", str(transformation.PROJECT)),
                *("--target-path", str(company.home.dbt_target), "--log-path", str(company.home.dbt_logs)),
                *("--vars", f"{{as_of: '{utc(2026, 10, 31, 15)}', business_timezone: Asia/Tokyo}}"),
            ]
        )

    DuckDBConnectionManager.close_all_connections()
    assert outcome.success
    attendees = """
        select * exclude (source_system, source_file, source_row_number)
        from intermediate.int_canonical__seminar_attendees
        where source_system = '{}' and webinar_id = '91234567890'
        order by attendee_email, joined_at
    """
    found = company.query(attendees.format("zoom"))
    assert len(found) == 4
    assert found == company.query(attendees.format("reports"))
    seminars = (
        "select topic, started_at, duration_minutes from intermediate.int_canonical__seminars where webinar_id = "
    )
    assert company.query(f"{seminars} '{WEBINAR}'") == [("DX 入門", utc(2026, 10, 20, 5, 0, 12), 61)] * 2
    assert company.query(f"{seminars} '92'") == [("次回", utc(2026, 11, 20, 5), 45)]
