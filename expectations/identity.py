"""The identity gate: is each record one person's, and is no person a heap of strangers?"""

from __future__ import annotations

from expectations.checks import Check, Scope

LARGEST_PERSON_SHARE = 0.005
LARGEST_PERSON_RECORDS = 50

# A night in which more of the records known before change their person is rather a changed rule or a broken source.
USUAL_CHANGES_SHARE = 0.05

RECORD_PERSON = "identity.record_person"
LINKS = "identity.links"
CHANGES = "identity.person_changes"

# Record ids and link keys may hold an e-mail address (mapped files choose their own ids): samples show person ids only.


def checks(scope: Scope) -> list[Check]:
    """Return the checks of the identity gate."""
    return [*_persons(), *_links(), *_browsers(), *_history(scope)]


def _persons() -> list[Check]:
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
            id="identity.never_linked_are_apart",
            table=RECORD_PERSON,
            expects="no two records that the seed never_link lists are one person",
            because="the user has said that they are two people",
            rows="""
                with record_keys as (
                    select source_system || '|' || record_type || '|' || record_id as record_key, person_id
                    from {batch}
                )
                select left_records.person_id, count(*) as listed_pairs
                from intermediate.int_identity__listed_pairs as pairs
                join record_keys as left_records on pairs.left_key = left_records.record_key
                join record_keys as right_records on pairs.right_key = right_records.record_key
                where pairs.rule = 'never_link' and left_records.person_id = right_records.person_id
                group by left_records.person_id
            """,
        ),
        Check(
            id="identity.one_contact_per_crm",
            table=RECORD_PERSON,
            expects="a person has one living contact of each CRM, unless the CRM's merges or the user join several",
            because="two contacts that the CRM keeps apart are two people to sales",
            rows="""
                with exclusive as (
                    select resolved.person_id, persons.source_system, persons.record_key
                    from intermediate.int_canonical__persons as persons
                    join {batch} as resolved using (source_system, record_type, record_id)
                    where persons.is_exclusive
                ),
                record_keys as (
                    select source_system || '|' || record_type || '|' || record_id as record_key, person_id
                    from {batch}
                ),
                -- Each merge, and each pair of the seed always_link, joins at most two that were apart.
                joins as (
                    select distinct
                        record_keys.person_id, links.left_key, links.right_key,
                        case links.rule when 'merge' then split_part(links.left_key, '|', 1) end as source_system
                    from identity.links as links
                    join record_keys on record_keys.record_key in (links.left_key, links.right_key)
                    where links.is_active and links.rule in ('merge', 'always_link')
                ),
                contacts as (
                    select person_id, source_system, count(*) as contacts
                    from exclusive
                    group by person_id, source_system
                    having count(*) > 1
                )
                select contacts.person_id, contacts.source_system, contacts.contacts,
                    count(joins.left_key) as joined_by_the_source
                from contacts
                left join joins
                    on contacts.person_id = joins.person_id
                    and coalesce(joins.source_system = contacts.source_system, true)
                group by contacts.person_id, contacts.source_system, contacts.contacts
                having contacts.contacts > 1 + count(joins.left_key)
            """,
        ),
    ]


def _links() -> list[Check]:
    return [
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


def _browsers() -> list[Check]:
    return [
        Check(
            id="identity.browsers_have_one_owner_at_a_time",
            table="identity.browser_owners",
            expects="the turns of a browser's owners end after they begin and do not overlap",
            because="a session in two turns counts for two people",
            rows="""
                with turns as (
                    select source_system, valid_from, valid_to, lead(valid_from) over browser as next_from,
                        lead(true, 1, false) over browser as has_next
                    from {batch}
                    window browser as (partition by source_system, anonymous_id order by valid_from nulls first)
                )
                select source_system, count(*) as turns
                from turns
                where valid_from >= valid_to
                    or (has_next and (valid_to is null or next_from is null or valid_to > next_from))
                group by source_system
            """,
        ),
    ]


def _history(scope: Scope) -> list[Check]:
    return [
        Check(
            id="identity.changes_replay_to_today",
            table=CHANGES,
            expects="the last change told of each record leads to the person that it belongs to now",
            because="membership at a past moment is read from the changes; a gap in them is a wrong past",
            rows=f"""
                with told as (
                    select record_key, arg_max_null(new_person_id, (changed_at, change_number)) as person_id
                    from {{batch}}
                    where changed_at <= {scope.as_of_sql}
                    group by record_key
                ),
                resolved as (
                    select source_system || '|' || record_type || '|' || record_id as record_key, person_id
                    from {RECORD_PERSON}
                    where record_type <> 'anonymous_id'
                )
                select told.person_id as told_person_id, resolved.person_id, count(*) as records
                from told
                full outer join resolved on told.record_key = resolved.record_key
                where told.person_id is distinct from resolved.person_id
                    -- A run for a moment before the last one told changes nothing that was told.
                    and not exists (from {{batch}} where changed_at > {scope.as_of_sql})
                group by told.person_id, resolved.person_id
            """,
        ),
        Check(
            id="identity.former_ids_resolve",
            table=CHANGES,
            expects="every id that a person ever had stands for one person, or for nobody once all records are gone",
            because="reports of the past hold old ids",
            rows=f"""
                with used as (
                    select old_person_id as person_id from {{batch}}
                    union
                    select new_person_id as person_id from {{batch}}
                ),
                living as (select distinct person_id from {RECORD_PERSON})
                select used.person_id, count(ids.person_id) as times, min(ids.current_person_id) as current_person_id
                from used
                left join identity.person_ids as ids on used.person_id = ids.person_id
                where used.person_id is not null
                group by used.person_id
                having count(ids.person_id) <> 1
                    or (min(ids.current_person_id) is not null and min(ids.current_person_id) not in (from living))
            """,
        ),
        Check(
            id="identity.few_records_change_person",
            table=CHANGES,
            expects=f"at most {USUAL_CHANGES_SHARE:.0%} of the records known before change their person in one night",
            because="many merges or splits at once come from a changed rule, list or export, and move past numbers",
            severity="warn",
            rows=f"""
                with changes as (
                    select change, count(distinct record_key) as records
                    from {{batch}}
                    where changed_at = {scope.as_of_sql} and change in ('merged', 'split', 'moved')
                    group by change
                ),
                known as (
                    select count(distinct record_key) as records from {{batch}} where changed_at < {scope.as_of_sql}
                )
                select changes.change, changes.records, known.records as known_before
                from changes, known
                where (select sum(records) from changes) > {USUAL_CHANGES_SHARE} * known.records
            """,
        ),
    ]
