"""What an erasure may take: all that is the person's alone, and nothing that is somebody else's too."""

from collections.abc import Iterator

import duckdb
import pytest

from identity.belongings import Belongings, belongings

# Taro has a contact, a lead and two addresses; Hanako shares an office's number, mailbox and computer with him.
_TABLES = """
    create schema identity; create schema intermediate;
    create table identity.record_person as select 'p' as person_id;
    create table identity.person_ids as
    from (values ('taro', 'taro'), ('former', 'taro'), ('hanako', 'hanako')) as t (person_id, current_person_id);
    create table intermediate.int_identity__persons as
    from (values
        ('hubspot|contact|20000000151', 'hubspot', 'contact', '20000000151', 'taro'),
        ('crm|lead|151', 'crm', 'lead', '151', 'taro'),
        ('web|subscriber|taro@x.jp', 'web', 'subscriber', 'taro@x.jp', 'taro'),
        ('old|lead|151', 'old', 'lead', '151', 'hanako')
    ) as t (record_key, source_system, record_type, record_id, person_id);
    create table intermediate.int_canonical__persons as
    from (values
        ('hubspot|contact|20000000151', '03-1111-2222', 'ext-1'),
        ('crm|lead|151', '090-3333-4444', null),
        ('old|lead|151', '０３－１１１１－２２２２', null)
    ) as t (record_key, phone, external_id);
    create table intermediate.int_identity__phones as
    from (values ('03-1111-2222', '+81311112222'), ('０３－１１１１－２２２２', '+81311112222'),
        ('090-3333-4444', '+819033334444')) as t (phone, e164);
    create table intermediate.int_canonical__person_addresses as
    from (values
        ('hubspot|contact|20000000151', 'Taro@x.jp'), ('hubspot|contact|20000000151', 'office@x.jp'),
        ('web|subscriber|taro@x.jp', 'taro@x.jp'), ('crm|lead|151', 'taro@home.jp'), ('old|lead|151', 'office@x.jp')
    ) as t (record_key, email);
    create table intermediate.int_identity__addresses as
    select distinct email as address, lower(email) as folded_address
    from intermediate.int_canonical__person_addresses;
    create table intermediate.int_identity__emails as
    select address as email, folded_address as normalised_email from intermediate.int_identity__addresses;
    create table intermediate.int_canonical__merges as
    from (values ('hubspot', 'contact', '999', '20000000151'), ('hubspot', 'contact', '998', '999'))
        as t (source_system, record_type, loser_record_id, winner_record_id);
    create table intermediate.int_identity__browser_links as
    from (values ('own', 'taro'), ('office', 'taro'), ('office', 'hanako')) as t (anonymous_id, person_id);
"""


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(_TABLES)
        yield connection


def test_person_with_things_that_are_shared(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert belongings(warehouse, " TARO@X.jp ") == Belongings(
        addresses={" TARO@X.jp ", "Taro@x.jp", "taro@x.jp", "taro@home.jp"},
        records={
            ("hubspot", "contact", "20000000151"),
            ("hubspot", "contact", "999"),
            ("hubspot", "contact", "998"),  # was merged into the one that was merged
            ("crm", "lead", "151"),
            ("web", "subscriber", "taro@x.jp"),
        },
        any_ids={"20000000151", "ext-1"},  # 151 is also Hanako's id in another tool
        browsers={"own"},
        phones={"090-3333-4444"},
        person_ids={"taro", "former"},
        left=[
            "1 address(s) of the person: each is also another person's",
            "1 browser(s) of the person: each was also another person's: its visits stay",
            "1 telephone number(s) of the person: each is also another person's",
        ],
    )


def test_mailbox_of_several_persons(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = belongings(warehouse, "office@x.jp")

    assert found.is_shared
    assert (found.addresses, found.records, found.person_ids) == ({"office@x.jp"}, set(), set())


def test_nobody(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert belongings(warehouse, "nobody@x.jp") == Belongings({"nobody@x.jp"})
