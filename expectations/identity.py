"""The identity gate: is each record one person's, and is no person a heap of strangers?"""

from __future__ import annotations

from expectations.checks import Check, Scope

LARGEST_PERSON_SHARE = 0.005
LARGEST_PERSON_RECORDS = 50

RECORD_PERSON = "identity.record_person"
LINKS = "identity.links"

# Record ids and link keys may hold an e-mail address (mapped files choose their own ids): samples show person ids only.


def checks(_scope: Scope) -> list[Check]:
    """Return the checks of the identity gate."""
    return [
        Check(
            id="identity.one_person_per_record",
            table=RECORD_PERSON,
            expects="each record, anonymous ids included, belongs to exactly one person",
            because="a record of two persons counts its events and leads twice",
            rows="""
                select
                    source_system, record_type, count(*) as times, min(person_id) as person_id,
                    max(person_id) as other_person_id
                from {batch}
                group by source_system, record_type, record_id
                having count(*) > 1
            """,
        ),
        Check(
            id="identity.person_has_id",
            table=RECORD_PERSON,
            expects="every record has a person",
            because="facts without a person fall out of every funnel",
            rows="""
                select source_system, record_type, count(*) as records
                from {batch}
                where person_id is null
                group by source_system, record_type
            """,
        ),
        Check(
            id="identity.records_resolved",
            table=RECORD_PERSON,
            expects="every person record of the sources, those with an e-mail address included, is resolved",
            because="a record that resolution lost takes its mails and leads with it",
            rows="""
                select
                    persons.source_system, persons.record_type, count(*) as unresolved,
                    count(persons.email) as unresolved_with_email
                from intermediate.int_canonical__persons as persons
                anti join {batch} as resolved using (source_system, record_type, record_id)
                group by persons.source_system, persons.record_type
            """,
        ),
        Check(
            id="identity.largest_person",
            table=RECORD_PERSON,
            expects=(
                f"no person has more records than {LARGEST_PERSON_RECORDS} "
                f"or {LARGEST_PERSON_SHARE:.1%} of all persons, whichever is more"
            ),
            because="one wrong key (a shared mailbox, a placeholder) melts strangers into one",
            rows=f"""
                select
                    person_id, count(*) as records,
                    greatest(
                        {LARGEST_PERSON_RECORDS},
                        {LARGEST_PERSON_SHARE} * (select count(distinct person_id) from {{batch}})
                    ) as bound
                from {{batch}}
                where record_type <> 'anonymous_id'
                group by person_id
                having count(*) > bound
            """,
        ),
        Check(
            id="identity.links_stay_in_one_person",
            table=LINKS,
            expects="no active link ties records of two persons",
            because="two linked persons are one that resolution did not finish",
            rows="""
                with record_keys as (
                    select source_system || '|' || record_type || '|' || record_id as record_key, person_id
                    from identity.record_person
                ),
                -- A browser belongs to several persons in turn.
                record_links as (
                    select * from {batch} where is_active and not starts_with(rule, 'anonymous_id_')
                ),
                ends as (
                    select rule, right_key as shared_key, left_key as record_key from record_links
                    union all
                    select rule, right_key as shared_key, right_key as record_key from record_links
                )
                select
                    ends.rule, min(record_keys.person_id) as person_id, max(record_keys.person_id) as other_person_id
                from ends
                join record_keys on ends.record_key = record_keys.record_key
                group by ends.rule, ends.shared_key
                having min(record_keys.person_id) <> max(record_keys.person_id)
            """,
        ),
        Check(
            id="identity.refusals_have_reasons",
            table=LINKS,
            expects="a link has a reason exactly when it was refused",
            because="nobody can review a refusal that does not say why",
            rows="""
                select rule, is_active, count(*) as links
                from {batch}
                where is_active is null or is_active = (refused_reason is not null)
                group by rule, is_active
            """,
        ),
    ]
