"""What is a person's, and theirs alone: what an erasure may take without taking anything from somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from duckdb import DuckDBPyConnection

from identity.normalisation.email import address


@dataclass
class Belongings:
    """The identifiers of one person, as they stand in the sources.

    Attributes:
        addresses: e-mail addresses.
        records: source, type and id of each record.
        any_ids: record ids that no other person has in any source: a login may name them without the source.
        browsers: ids of browsers.
        phones: telephone numbers as typed.
        person_ids: ids under which marts speak of the person, former ones included.
        left: what was found but is others' too, and why it stays.
        is_shared: several persons have the address: nothing but the address is known to be asked for.
    """

    addresses: set[str]
    records: set[tuple[str, str, str]] = field(default_factory=set)
    any_ids: set[str] = field(default_factory=set)
    browsers: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    person_ids: set[str] = field(default_factory=set)
    left: list[str] = field(default_factory=list)
    is_shared: bool = False


def belongings(connection: DuckDBPyConnection, wanted: str) -> Belongings:
    """Return what belongs to the person of an address; the address alone where identity knows nobody, or several.

    Args:
        connection: the warehouse; read-only is enough.
        wanted: an e-mail address.
    """
    found = Belongings({wanted})
    if not is_built(connection):
        found.left.append("identity is not built: only what carries the address, and records that do, are found")
        return found
    folded = address(wanted).folded_address
    found.addresses |= _texts(connection, _SAME_MAILBOX, {"folded": folded})
    persons = _texts(connection, _PERSONS, {"addresses": sorted(found.addresses)})
    found.is_shared = len(persons) > 1
    if found.is_shared:
        found.left.append(
            f"the address is shared by {len(persons)} persons: what carries it goes, their other records stay"
        )
    if len(persons) != 1:
        return found
    person = {"person_id": persons.pop()}
    found.person_ids = _texts(connection, _PERSON_IDS, person)
    found.records = {(str(a), str(b), str(c)) for a, b, c in connection.execute(_RECORDS, person).fetchall()}
    found.any_ids = _texts(connection, _ANY_IDS, person)
    for own, shared, belonging, what in (
        (found.addresses, _ADDRESSES, "address", "is also another person's"),
        (found.browsers, _BROWSERS, "browser", "was also another person's: its visits stay"),
        (found.phones, _PHONES, "telephone number", "is also another person's"),
    ):
        rows = connection.execute(shared, person).fetchall()
        own |= {str(value) for value, is_shared in rows if not is_shared}
        count = sum(bool(is_shared) for _, is_shared in rows)
        if count:
            found.left.append(f"{count} {belonging}(s) of the person: each {what}")
    return found


def is_built(connection: DuckDBPyConnection) -> bool:
    """Return whether identity knows persons."""
    query = "from duckdb_tables() where schema_name = 'identity' and table_name = 'record_person'"
    return bool(connection.execute(query).fetchall())


_SAME_MAILBOX = """
    with mailbox as (
        select emails.normalised_email
        from intermediate.int_identity__addresses as addresses
        join intermediate.int_identity__emails as emails on addresses.address = emails.email
        where addresses.folded_address = $folded
    )
    select email from intermediate.int_identity__emails semi join mailbox using (normalised_email)
"""

_PERSONS = """
    select distinct persons.person_id
    from intermediate.int_identity__persons as persons
    join intermediate.int_canonical__person_addresses as addresses using (record_key)
    where addresses.email in $addresses
"""

_PERSON_IDS = "select person_id from identity.person_ids where current_person_id = $person_id union select $person_id"

_RECORDS = """
    with recursive own as (
        select source_system, record_type, record_id from intermediate.int_identity__persons
        where person_id = $person_id
        union
        select merges.source_system, merges.record_type, merges.loser_record_id
        from intermediate.int_canonical__merges as merges
        join own on merges.source_system = own.source_system and merges.record_type = own.record_type
            and merges.winner_record_id = own.record_id
    )
    from own
"""

_ANY_IDS = """
    with ids as (
        select record_id as id, person_id from intermediate.int_identity__persons
        where record_type not in ('subscriber', 'attendee')
        union
        select records.external_id, persons.person_id
        from intermediate.int_canonical__persons as records
        join intermediate.int_identity__persons as persons using (record_key)
        where records.external_id is not null
    )
    select id from ids group by id having bool_and(person_id = $person_id)
"""

_ADDRESSES = """
    with holders as (
        select distinct folded.folded_address, addresses.email, persons.person_id
        from intermediate.int_canonical__person_addresses as addresses
        join intermediate.int_identity__persons as persons using (record_key)
        join intermediate.int_identity__addresses as folded on addresses.email = folded.address
    )
    select distinct
        email,
        folded_address in (select folded_address from holders where person_id <> $person_id) as is_shared
    from holders
    where person_id = $person_id
"""

_BROWSERS = """
    select anonymous_id, bool_or(person_id <> $person_id) as is_shared
    from intermediate.int_identity__browser_links
    where person_id is not null
    group by anonymous_id
    having bool_or(person_id = $person_id)
"""

_PHONES = """
    with holders as (
        select distinct records.phone, phones.e164, persons.person_id
        from intermediate.int_canonical__persons as records
        join intermediate.int_identity__persons as persons using (record_key)
        join intermediate.int_identity__phones as phones on records.phone = phones.phone
        where phones.e164 is not null
    )
    select distinct phone, e164 in (select e164 from holders where person_id <> $person_id) as is_shared
    from holders
    where person_id = $person_id
"""


def _texts(connection: DuckDBPyConnection, query: str, parameters: Mapping[str, object]) -> set[str]:
    return {str(value) for (value,) in connection.execute(query, parameters).fetchall()}
