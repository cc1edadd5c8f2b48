"""A company in a few lines: what its tools deliver day by day, and what identity makes of it each night."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests.identity.graph import Row, Warehouse

START = datetime(2026, 1, 1)  # noqa: DTZ001 - the warehouse stores UTC without a zone


class Change(NamedTuple):
    """One row of identity.person_changes, without its reason."""

    changed_at: datetime
    number: int
    change: str
    record_key: str | None
    old_person_id: str | None
    new_person_id: str | None


class Night(NamedTuple):
    """What identity says after a night."""

    as_of: datetime
    person_of: dict[str, str]
    links: frozenset[tuple[str, str, str, bool, str | None]]
    changes: list[Change]
    owners: frozenset[tuple[str, str, datetime | None, datetime | None]]

    @property
    def persons(self) -> set[frozenset[str]]:
        """The records of each person."""
        members = defaultdict(set)
        for record, person in self.person_of.items():
            members[person].add(record)
        return {frozenset(records) for records in members.values()}

    def are_one(self, *records: str) -> bool:
        """Whether all records are the same person's."""
        return len({self.person_of[record] for record in records}) == 1

    def are_apart(self, *records: str) -> bool:
        """Whether each record is another person's."""
        return len({self.person_of[record] for record in records}) == len(records)

    def refusals(self, record: str) -> set[str]:
        """Why links of a record were refused."""
        return {reason or "" for left, right, _, active, reason in self.links if not active and record in (left, right)}

    def owner(self, browser: str, at: datetime) -> str | None:
        """The person whom a browser belonged to at a moment."""
        owners = {
            person
            for owned, person, valid_from, valid_to in self.owners
            if owned == browser and (valid_from is None or valid_from <= at) and (valid_to is None or at < valid_to)
        }
        assert len(owners) <= 1, f"{browser} belongs to several persons at {at}"
        return owners.pop() if owners else None

    @property
    def shape(self) -> tuple[object, ...]:
        """All that does not depend on how persons are named, for comparison with another way to the same state."""
        members = defaultdict(set)
        for record, person in self.person_of.items():
            members[person].add(record)
        owners = {(browser, frozenset(members[person]), *interval) for browser, person, *interval in self.owners}
        return self.persons, self.links, owners

    def membership_at(self, moment: datetime) -> dict[str, str]:
        """The person of each record as the change log tells it of a moment."""
        told = {change.record_key: change.new_person_id for change in self.changes if change.changed_at <= moment}
        return {record: person for record, person in told.items() if record and person}


def read(query: Callable[[str], list[tuple[Any, ...]]], as_of: datetime) -> Night:
    """Read what identity says in a warehouse, given a function that queries it."""
    records = """
        select source_system || '|' || record_type || '|' || record_id, person_id
        from identity.record_person
        where record_type <> 'anonymous_id'
    """
    changes = """
        select changed_at, change_number, change, record_key, old_person_id, new_person_id
        from identity.person_changes
        order by changed_at, change_number, record_key
    """
    return Night(
        as_of,
        dict(query(records)),
        frozenset(query("select left_key, right_key, rule, is_active, refused_reason from identity.links")),
        [Change(*row) for row in query(changes)],
        frozenset(query("select anonymous_id, person_id, valid_from, valid_to from identity.browser_owners")),
    )


class Company:
    """Deliveries of a Salesforce, a HubSpot, a website and mapped files; who makes a record gets its key.

    The day starts at 1 January 2026 and moves on with each night. A record that is delivered again replaces itself.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        """Begin with nothing delivered."""
        warehouse.reset()
        self.warehouse = warehouse
        self.now = START + timedelta(hours=12)
        self._waiting: dict[str, list[Row]] = defaultdict(list)
        self._created: dict[str, datetime] = {}

    def contact(
        self, record_id: str, *, merged_into: str | None = None, hubspot_id: str | None = None, **person: Any
    ) -> str:
        """A Salesforce contact; `merged_into` is the id of the contact that won, and deletes it as `deleted` does."""
        key = f"salesforce|contact|{record_id}"
        self._deliver(
            "salesforce__contacts",
            key,
            Id=record_id,
            MasterRecordId=merged_into,
            IsDeleted=person.get("deleted", False) or merged_into is not None,
            HubSpot_Contact_Id__c=hubspot_id,
            Email=person.get("email"),
            Phone=person.get("phone"),
            LastName=person.get("name"),
            CreatedDate=self._first(key, person),
            SystemModstamp=person.get("updated", self.now),
        )
        return key

    def lead(
        self,
        record_id: str,
        *,
        converted_to: str | None = None,
        merged_into: str | None = None,
        hubspot_id: str | None = None,
        **person: Any,
    ) -> str:
        """A Salesforce lead; `converted_to` is the id of the contact that it became."""
        key = f"salesforce|lead|{record_id}"
        self._deliver(
            "salesforce__leads",
            key,
            Id=record_id,
            MasterRecordId=merged_into,
            IsDeleted=merged_into is not None,
            HubSpot_Contact_Id__c=hubspot_id,
            ConvertedContactId=converted_to,
            Email=person.get("email"),
            Phone=person.get("phone"),
            LastName=person.get("name"),
            Company=person.get("company"),
            CreatedDate=self._first(key, person),
            SystemModstamp=person.get("updated", self.now),
        )
        return key

    def hubspot(
        self,
        record_id: str,
        *,
        portal: str = "hubspot",
        merged: Iterable[str] = (),
        salesforce_contact: str | None = None,
        **person: Any,
    ) -> str:
        """A HubSpot contact; `portal` is its source, `merged` are the ids of contacts that it won over."""
        key = f"{portal}|contact|{record_id}"
        self._deliver(
            "hubspot__contacts",
            key,
            id=record_id,
            hs_merged_object_ids=";".join(merged) or None,
            salesforcecontactid=salesforce_contact,
            email=person.get("email"),
            hs_additional_emails=";".join(person.get("more_emails", ())) or None,
            phone=person.get("phone"),
            lastname=person.get("name"),
            company=person.get("company"),
            createdAt=self._first(key, person),
            updatedAt=person.get("updated", self.now),
        )
        return key

    def person(self, record_id: str, *, source: str = "cards", **person: Any) -> str:
        """A person of a mapped file (a list of business cards, say)."""
        key = f"{source}|person|{record_id}"
        self._deliver(
            "files__person",
            key,
            _source=source,
            person_ref=record_id,
            email=person.get("email"),
            phone=person.get("phone"),
            full_name=person.get("name"),
            company_name=person.get("company"),
            external_id=person.get("external_id"),
            created_at=self._first(key, person),
        )
        return key

    def login(self, browser: str, user_id: str, at: datetime | None = None) -> None:
        """A page view of a user who is logged in; `user_id` is the id of the user's record in some tool."""
        self._hit(browser, "page_view", at, user_id=user_id)

    def visit(self, browser: str, at: datetime | None = None) -> None:
        """A page view of nobody known."""
        self._hit(browser, "page_view", at)

    def mail_click(self, browser: str, email: str, at: datetime | None = None) -> str:
        """A click on the link of a mail that was sent to `email`, in whichever browser it was opened."""
        self._hit(browser, "email_click", at, email=email)
        return f"site|subscriber|{email}"

    def form(self, browser: str, email: str, at: datetime | None = None) -> str:
        """A HubSpot form that was sent from a browser; it carries the browser id that the site's tracker gave."""
        self._hit(browser, "page_view", at)
        self._deliver(
            "hubspot__form_submissions",
            "hubspot|form",
            formGuid="form",
            submittedAt=at or self.now,
            values=[{"name": "email", "value": email}, {"name": "ga_client_id", "value": browser}],
        )
        return f"hubspot|subscriber|{email}"

    def list_pair(self, seed: str, left: str, right: str) -> None:
        """Put two records (or a record and an identifier) on the user's list `never_link` or `always_link`."""
        self.warehouse.insert(f"staging.{seed}", [{"left_key": left, "right_key": right, "wording": "for a test"}])

    def unlist_pairs(self, seed: str) -> None:
        """Empty one of the user's lists."""
        self.warehouse.delete(f"staging.{seed}")

    def change_rule(self, rule: str, **changed: Any) -> None:
        """Change columns of a rule in the seed `identity_rules`."""
        found = self.warehouse.query(
            f"select strength, joins, wording from staging.identity_rules where rule = '{rule}'"
        )
        row = dict(zip(("strength", "joins", "wording"), *found, strict=True))
        self.warehouse.delete("staging.identity_rules", f"rule = '{rule}'")
        self.warehouse.insert("staging.identity_rules", [{"rule": rule} | row | changed])

    def night(self, *, full_refresh: bool = False) -> Night:
        """Load what was delivered, run identity as of midnight, and go on to the next day."""
        as_of = self._load()
        self.warehouse.run(as_of, full_refresh=full_refresh)
        self.now += timedelta(days=1)
        return self.read(as_of)

    def full_run(self, as_of: datetime) -> Night:
        """Run a night once more with everything resolved anew."""
        self.warehouse.run(as_of, full_refresh=True)
        return self.read(as_of)

    def crash(self, model: str) -> None:
        """Begin the night, and end it before a model is run."""
        self.warehouse.run(self._load(), until=model)

    def read(self, as_of: datetime) -> Night:
        """Return what identity says now."""
        return read(self.warehouse.query, as_of)

    def _load(self) -> datetime:
        """Load what was delivered, and return the moment that tonight speaks of."""
        for table, rows in self._waiting.items():
            self.warehouse.insert(f"raw.{table}", rows)
        self._waiting.clear()
        return self.now.replace(hour=0) + timedelta(days=1)

    def _first(self, key: str, person: dict[str, Any]) -> datetime:
        """When a record was created: as told, else on the day of its first delivery."""
        created: datetime = person.get("created") or self._created.get(key, self.now)
        self._created[key] = created
        return created

    def _hit(self, browser: str, name: str, at: datetime | None, **known: str) -> None:
        moment = at or self.now
        hit = "|".join([browser, name, str(moment), *known.values()])
        self._deliver(
            "files__event",
            "site|event",
            event_id=hit,
            event_name=name,
            occurred_at=moment,
            anonymous_id=browser,
            **known,
        )

    def _deliver(self, table: str, key: str, **row: Any) -> None:
        rows = self._waiting[table]
        origin = {
            "_source": key.split("|", maxsplit=1)[0],
            "_file": f"{self.now:%Y-%m-%d}/{table}",
            "_row_number": len(rows) + 1,
            "_delivered_at": self.now,
            "_loaded_at": self.now,
        }
        rows.append(origin | row)
