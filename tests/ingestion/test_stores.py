"""Objects in a store land as files of a folder do; a local S3 server stands for the store."""

import gzip
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

import ingestion
from ingestion import stores
from leadmill.errors import InputError, LeadmillError
from tests.ingestion.deliveries import AS_OF, HUBSPOT, Company, contact, mapped, page, utc

HEADER = "id,day,mail\n"
SECRET = "marker-of-a-secret"  # noqa: S105
LEADS = {"lead_id": "id", "created_at": "day", "email": "mail"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(server: str) -> Iterator[Any]:
    resource = boto3.resource(
        "s3", endpoint_url=server, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key=SECRET
    )
    made = resource.create_bucket(Bucket="exports")
    yield made
    made.objects.all().delete()
    made.delete()


@pytest.fixture
def options(server: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("LEADMILL_TEST_SECRET", SECRET)
    return {"key": "key", "secret": "${LEADMILL_TEST_SECRET}", "client_kwargs": {"endpoint_url": server}}


@pytest.fixture
def keys_are_checked(server: str, bucket: Any) -> Iterator[None]:
    """Let the server refuse every request: it knows no users."""
    bucket.put_object(Key="cards/a.csv", Body=HEADER.encode())
    requests.post(f"{server}/moto-api/reset-auth", data=b"0", timeout=10)
    yield
    requests.post(f"{server}/moto-api/reset-auth", data=b"999999", timeout=10)


def downloads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets the address of each object that is opened."""
    opened: list[str] = []
    original = stores.RemoteFile.open

    def counted(file: stores.RemoteFile, mode: str = "rb", buffering: int = -1) -> Any:
        opened.append(str(file))
        return original(file, mode, buffering)

    monkeypatch.setattr(stores.RemoteFile, "open", counted)
    return opened


def test_a_connectors_folder_in_a_bucket(company: Company, bucket: Any, options: dict[str, Any]) -> None:
    bucket.put_object(Key="crm/2026-10-25/contacts.jsonl.gz", Body=gzip.compress(page(contact("1")).encode()))
    bucket.put_object(Key="crm/2026-12-25/contacts.jsonl", Body=page(contact("2")).encode())
    bucket.put_object(Key="other/contacts.jsonl", Body=b"{}")
    source = HUBSPOT | {"path": "s3://exports/crm", "storage_options": options}

    result = company.run(company.sources(source))

    assert (result.files, result.rows_loaded) == (1, 1)
    assert company.raw("hubspot__contacts", "id, _file, _delivered_at") == [
        ("1", "2026-10-25/contacts.jsonl.gz", utc(2026, 10, 25, 15))
    ]


def test_a_glob_of_objects_night_by_night(
    company: Company, bucket: Any, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object is fetched again only when the listing tells of another content, and loaded when it is another."""
    source = mapped("s3://exports/cards/**/*.csv", LEADS) | {"storage_options": options}
    opened = downloads(monkeypatch)
    found = []
    for day, files in enumerate(
        (
            {"cards/a.csv": HEADER + "1,2026-01-31,a\n", "cards/new/b.csv": HEADER + "2,2026-01-31,b\n"},
            {},  # nothing new
            {"cards/a.csv": HEADER + "1,2026-01-31,a\n"},  # delivered again
            {"cards/a.csv": HEADER + "1,2026-01-31,c\n"},  # changed
        )
    ):
        opened.clear()
        for key, content in files.items():
            bucket.put_object(Key=key, Body=content.encode())
        loaded = company.run(company.sources(source), AS_OF + timedelta(days=day)).rows_loaded
        found.append((sorted(opened), loaded))

    assert found == [
        (["s3://exports/cards/a.csv", "s3://exports/cards/new/b.csv"], 2),
        ([], 0),
        ([], 0),
        (["s3://exports/cards/a.csv"], 1),
    ]
    assert company.raw("files__lead", "email, _file") == [
        ("a", "exports/cards/a.csv"),
        ("b", "exports/cards/new/b.csv"),
        ("c", "exports/cards/a.csv"),
    ]


def test_a_large_object_comes_in_blocks(
    company: Company, bucket: Any, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_READ_BYTES", 1 << 16)
    rows = [f"{number},2026-01-31,a{number}@example.com\n" for number in range(20_000)]
    bucket.put_object(Key="cards/a.csv", Body=(HEADER + "".join(rows)).encode())

    result = company.run(company.sources(mapped("s3://exports/cards/*", LEADS) | {"storage_options": options}))

    assert result.rows_loaded == 20_000


def test_an_object_that_vanishes_after_the_listing_costs_no_other(
    company: Company, bucket: Any, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        bucket.put_object(Key=f"cards/{name}.csv", Body=(HEADER + "1,2026-01-31,a\n").encode())
    listed = stores.objects

    def then_vanishes(url: str, options_: dict[str, Any], *, below: bool) -> Any:
        found = listed(url, options_, below=below)
        bucket.Object("cards/a.csv").delete()
        return found

    monkeypatch.setattr("ingestion.delivery.objects", then_vanishes)
    sources = company.sources(mapped("s3://exports/cards/*.csv", LEADS) | {"storage_options": options})

    with pytest.raises(InputError, match=r"^s3://exports/cards/a\.csv: not there"):
        ingestion.extract(sources, "own", company.home, AS_OF, lambda _: None)

    assert ingestion.load(company.home, AS_OF, lambda _: None).files == 1


def test_an_object_that_changes_while_it_is_copied_waits_for_the_next_run(
    company: Company, bucket: Any, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put_object(Key="cards/a.csv", Body=(HEADER + "1,2026-01-31,a\n").encode())
    original = stores.RemoteFile.check_unchanged

    def changed(file: stores.RemoteFile) -> None:
        bucket.put_object(Key="cards/a.csv", Body=(HEADER + "1,2026-01-31,b\n").encode())
        original(file)

    monkeypatch.setattr(stores.RemoteFile, "check_unchanged", changed)
    sources = company.sources(mapped("s3://exports/cards/*.csv", LEADS) | {"storage_options": options})
    with pytest.raises(InputError, match="changed while it was copied"):
        company.run(sources)
    monkeypatch.undo()

    company.run(
        company.sources(mapped("s3://exports/cards/*.csv", LEADS) | {"storage_options": options | {"secret": SECRET}})
    )

    assert company.raw("files__lead", "email") == [("b",)]


UNREACHABLE: dict[str, tuple[str, dict[str, Any], type[LeadmillError], str]] = {
    "no such bucket": ("s3://nowhere/*.csv", {}, InputError, "s3://nowhere/.*: not there"),
    "no such store": ("s4://exports/*.csv", {}, InputError, "no such store"),
    "wrong options": ("s3://exports/*.csv", {"kee": 1}, LeadmillError, "the store can't be read"),
    "no server": (
        "s3://exports/*.csv",
        {"client_kwargs": {"endpoint_url": "http://127.0.0.1:1"}},
        LeadmillError,
        "run again",
    ),
}


@pytest.mark.parametrize("kind", UNREACHABLE)
def test_a_store_that_gives_nothing_is_told_without_its_secret(
    company: Company, bucket: Any, options: dict[str, Any], kind: str
) -> None:
    path, wrong, error, message = UNREACHABLE[kind]
    sources = company.sources(mapped(path, LEADS) | {"storage_options": options | wrong})

    with pytest.raises(error, match=message) as raised:
        ingestion.extract(sources, "own", company.home, AS_OF, lambda _: None)

    assert SECRET not in str(raised.value) + repr(sources)


def test_access_denied_is_told_without_what_the_store_said(
    company: Company, options: dict[str, Any], keys_are_checked: None
) -> None:
    sources = company.sources(mapped("s3://exports/cards/*.csv", LEADS) | {"storage_options": options})

    with pytest.raises(InputError) as raised:
        ingestion.extract(sources, "own", company.home, AS_OF, lambda _: None)

    assert str(raised.value) == "s3://exports/cards/*.csv: access denied; check the credentials and what they may read"


def test_any_store_that_fsspec_knows(company: Company) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe("/exports/cards/a.csv", (HEADER + "1,2026-01-31,a\n").encode())

    company.run(company.sources(mapped("memory://exports/cards/*.csv", LEADS)))

    assert company.raw("files__lead", "lead_id, _file") == [("1", "exports/cards/a.csv")]
