"""What ad platforms get: hashes as they document them, of people who consented, and nothing else."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import Mock

import duckdb
import pytest
from click.testing import CliRunner

from ingestion import Sources
from leadmill.command_line import main
from leadmill.errors import GateRefused, InputError, LeadmillError
from leadmill.settings import Home
from leadmill.steps import Night, run
from serving.activation import export

# Hashes that Meta and Snap print in the documentation of their conversion APIs (docs/activation.md).
PERSON_AT_EXAMPLE = "542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345"
JOHN_SMITH_AT_GMAIL = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
PHONE_DIGITS = "dc008fda46e2e64002cf2f82a4906236282d431c4f75e5b60bfe79fc48546383"
# Computed once with `printf … | sha256sum`.
JOHNSMITH_AT_GMAIL = "3586de92bb3636d0885a12eff961429a32e4ebd764b96f50d85d016f9338d586"


@pytest.fixture
def built(tmp_path: Path) -> Home:
    """A home whose warehouse holds two people who may be told of."""
    home = Home(path=tmp_path / "home")
    home.path.mkdir()
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            """
            create schema ops; create schema marts; create schema intermediate;
            create table ops.publishable as select timestamp '2026-10-31 15:00:00' as as_of;
            create table marts.dim_micro_conversion as select 'pricing_view' as mcv_id, true as is_active;
            create table marts.dim_person as
            select * from (values ('ann', true), ('john', true)) as persons (person_id, may_email);
            create table intermediate.int_canonical__persons as
            select * from (values (' Person@Example.com', true), ('john.smith+ads@gmail.com', null))
                as records (email, may_email);
            create table intermediate.int_canonical__events (event_name varchar, email varchar);
            create table intermediate.int_activation__audience_members as
            select 'pricing_view' as mcv_id, *
            from (values ('ann', ' Person@Example.com', '+448444124653'), ('john', 'John.Smith+ads@gmail.com', null))
                as members (person_id, email, phone);
            create table intermediate.int_activation__offline_conversions as
            select conversion_id, 'Won contract' as conversion_name, role, 'Purchase' as event_name_meta,
                'PURCHASE' as event_type_linkedin, 'ann' as person_id, ' Person@Example.com' as email,
                '+448444124653' as phone, 'Cj0KCQ' as gclid, 'IwAR2F' as fbclid,
                timestamp '2026-09-01 00:00:00' as fbclid_clicked_at, value::decimal(18, 2) as value, 'JPY' as currency,
                timestamp '2026-10-01 03:04:05' as converted_at
            from (values ('1', 'main', 5000), ('2', 'auxiliary', null), ('3', 'auxiliary', 0))
                as conversions (conversion_id, role, value);
            """
        )
    return home


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def test_each_platform_gets_addresses_as_it_hashes_them(built: Home, tmp_path: Path) -> None:
    export(built, tmp_path / "out")

    google = rows(tmp_path / "out" / "google_customer_match_pricing_view.csv")
    meta = rows(tmp_path / "out" / "meta_custom_audience_pricing_view.csv")
    linkedin = rows(tmp_path / "out" / "linkedin_contact_list_pricing_view.csv")
    assert {row["Email"] for row in google} == {PERSON_AT_EXAMPLE, JOHNSMITH_AT_GMAIL}
    assert PERSON_AT_EXAMPLE in {row["email"] for row in meta}
    assert {row["email"] for row in meta} == {row["email"] for row in linkedin}
    assert {row["phone"] for row in meta} == {PHONE_DIGITS, ""}
    assert list(linkedin[0]) == [
        *("email", "firstname", "lastname", "jobtitle", "employeecompany", "country", "googleaid")
    ]


def test_only_google_folds_dots_and_tags(built: Home, tmp_path: Path) -> None:
    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute(
            "update intermediate.int_activation__audience_members set email = 'John_Smith@gmail.com' "
            "where person_id = 'john'"
        )

    export(built, tmp_path / "out")

    for file, column in (("google_customer_match", "Email"), ("meta_custom_audience", "email")):
        found = rows(tmp_path / "out" / f"{file}_pricing_view.csv")
        assert {row[column] for row in found} == {PERSON_AT_EXAMPLE, JOHN_SMITH_AT_GMAIL}


def test_conversions_carry_time_value_and_click_main_and_auxiliary_apart(built: Home, tmp_path: Path) -> None:
    export(built, tmp_path / "out")

    [google] = rows(tmp_path / "out" / "google_conversions_main.csv")
    assert google["Conversion Time"] == "2026-10-01T03:04:05+00:00"
    assert (google["Conversion Value"], google["Conversion Currency"]) == ("5000.00", "JPY")
    assert (google["Google Click ID"], google["Order ID"]) == ("Cj0KCQ", "1")
    [meta] = rows(tmp_path / "out" / "meta_offline_events_main.csv")
    assert meta["event_time"] == "1790823845"
    assert meta["fbc"] == "fb.1.1788220800000.IwAR2F"
    linkedin = rows(tmp_path / "out" / "linkedin_offline_conversions_auxiliary.csv")
    assert [(row["timestamp"], row["amount"]) for row in linkedin] == [("1790823845000", "1.00")] * 2
    auxiliary = next(
        row for row in rows(tmp_path / "out" / "google_conversions_auxiliary.csv") if row["Order ID"] == "2"
    )
    assert (auxiliary["Order ID"], auxiliary["Conversion Value"], auxiliary["Conversion Currency"]) == ("2", "", "")


def test_no_raw_address_or_number_stands_in_any_byte_and_nobody_else_may_read(built: Home, tmp_path: Path) -> None:
    manifest = export(built, tmp_path / "out")

    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    files = list((tmp_path / "out").iterdir())
    assert {file.name for file in files} == {"manifest.json", *(told.file for told in manifest.files)}
    for file in files:
        assert file.stat().st_mode & 0o777 == 0o600
        content = file.read_bytes().lower()
        assert not any(raw in content for raw in (b"@", b"example", b"john", b"smith", b"8444124653"))


@pytest.mark.parametrize(
    "withdrawal",
    [
        "update marts.dim_person set may_email = null where person_id = 'john'",
        "insert into intermediate.int_canonical__persons values ('JOHN.smith+ads@gmail.com', false)",
        "insert into intermediate.int_canonical__events values ('email_unsubscribed', 'John.Smith+ads@gmail.com')",
    ],
)
def test_a_row_without_consent_stops_the_export_and_the_former_one_stays(
    built: Home, tmp_path: Path, withdrawal: str
) -> None:
    export(built, tmp_path / "out")
    before = (tmp_path / "out" / "manifest.json").read_bytes()
    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute(withdrawal)

    with pytest.raises(LeadmillError, match=r"1 person\(s\) .* lack consent"):
        export(built, tmp_path / "out")

    assert (tmp_path / "out" / "manifest.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_who_withdrew_is_gone_from_the_next_export(built: Home, tmp_path: Path) -> None:
    export(built, tmp_path / "out")
    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute("delete from intermediate.int_activation__audience_members where person_id = 'john'")

    export(built, tmp_path / "out")

    assert len(rows(tmp_path / "out" / "meta_custom_audience_pricing_view.csv")) == 1


def test_the_command_tells_the_files_and_refuses_a_folder_with_other_files(built: Home, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")

    told = CliRunner().invoke(main, ["audiences", "--home", str(built.path), "--out", str(tmp_path / "out"), "--json"])
    refused = CliRunner().invoke(main, ["audiences", "--home", str(built.path), "--out", str(tmp_path / "mine")])

    assert told.exit_code == 0
    assert json.loads(told.output)["as_of"] == "2026-10-31T15:00:00Z"
    assert refused.exit_code == InputError.exit_code
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_a_folder_with_anything_that_no_export_wrote_is_left_alone(built: Home, tmp_path: Path) -> None:
    version, export_and_notes, in_home = tmp_path / "version", tmp_path / "out", built.path / "published"
    version.mkdir()
    # A manifest, but of a published version.
    (version / "manifest.json").write_text(
        '{"version": "1", "as_of": "2026-10-31T15:00:00Z", "files": [], "tables": {}}'
    )
    export(built, export_and_notes)
    (export_and_notes / "notes.txt").write_text("keep")

    for out in (version, export_and_notes, in_home, built.path):
        with pytest.raises(InputError):
            export(built, out)

    assert [path.name for path in version.iterdir()] == ["manifest.json"]
    assert (export_and_notes / "notes.txt").read_text() == "keep"
    assert not in_home.exists()


def test_the_working_folder_can_be_named_by_a_dot(built: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")

    export(built, Path())

    assert (tmp_path / "out" / "manifest.json").exists()


def test_the_former_export_stays_where_the_new_one_cannot_be_put(
    built: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    export(built, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    rename = Path.rename

    def fail_to_put_new(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError("no space")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_to_put_new)

    with pytest.raises(OSError, match="no space"):
        export(built, out)

    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_marts_that_did_not_pass_their_gate_are_told_to_nobody(built: Home, tmp_path: Path) -> None:
    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute(
            "delete from ops.publishable; "
            "create table ops.built as select 'marts' as part, timestamp '2026-10-31 15:00:00' as as_of"
        )

    with pytest.raises(InputError, match="passed their gate"):
        export(built, tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_the_marts_gate_says_whether_marts_may_be_told(
    built: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_of = datetime(2026, 10, 31, 15, tzinfo=UTC)
    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute("drop table ops.publishable; create table ops.built (part varchar, as_of timestamp)")
        connection.execute(
            "insert into ops.built values ('identity', '2026-10-31 15:00:00'), ('marts', '2026-10-31 15:00:00')"
        )
    sources = Sources.model_construct(sources=[])
    night = Night(home=built, sources=sources, as_of=as_of, started_at=as_of)

    def refuse(*_: object) -> str:
        raise GateRefused("a check failed")

    monkeypatch.setattr("leadmill.steps._check", lambda _: refuse)
    with pytest.raises(GateRefused):
        run("check_marts", night, print)
    with pytest.raises(InputError, match="passed their gate"):
        export(built, tmp_path / "out")

    monkeypatch.setattr("leadmill.steps._check", lambda _: lambda *_: "all passed")
    run("check_marts", night, print)
    assert export(built, tmp_path / "out").as_of == "2026-10-31T15:00:00Z"

    # Built anew, they have yet to pass.
    monkeypatch.setattr("leadmill.transformation.dbtRunner", Mock())
    monkeypatch.setattr("leadmill.transformation._judged", lambda *_: "all built")
    run("build_marts", night, print)
    with pytest.raises(InputError, match="passed their gate"):
        export(built, tmp_path / "out")


def test_nothing_built_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="leadmill nightly"):
        export(Home(path=tmp_path / "home"), tmp_path / "out")
