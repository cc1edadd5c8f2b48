-- Records and the mailboxes they name. A mailbox that was passed on stays with its first holder; records that name
-- another holder are joined among themselves.
with
persons as (
    select * from {{ ref('int_canonical__persons') }}
),

emails as (
    select * from {{ ref('int_identity__emails') }}
),

person_names as (
    select * from {{ ref('int_identity__person_names') }}
),

named as (
    select
        emails.email,
        emails.normalised_email,
        emails.is_placeholder,
        emails.is_role,
        claims.record_key,
        claims.source_file,
        claims.source_row_number,
        claims.created_at,
        claims.updated_at,
        person_names.name_key,
        person_names.script,
        person_names.token_count
    from (select *, unnest(list_distinct(list_append(additional_emails, email))) as claimed_email from persons) as claims
    inner join emails
        on claims.claimed_email = emails.email
    left join person_names
        on claims.full_name = person_names.full_name
),

-- Names of one script can be compared: 佐藤 and Sato may be one person.
holders as (
    select
        normalised_email,
        script,
        count(distinct name_key) as names,
        arg_min(name_key, (created_at is null, created_at, record_key)) as name_key,
        2 as token_count
    from named
    where token_count > 1 and not is_placeholder and not is_role
    group by normalised_email, script
),

most_names as (
    select normalised_email, max(names) as names
    from holders
    group by normalised_email
),

judged as (
    select
        named.*,
        case
            when named.is_placeholder then 'placeholder address'
            when named.is_role then 'role mailbox: several people read it'
            when most_names.names > {{ identity_limit('email', 'person_name') }} then 'mailbox of many names: several people read it'
            when {{ names_differ('named', 'holders') }} then 'address passed on: its first holder has another name'
        end as refused_reason
    from named
    left join most_names
        on named.normalised_email = most_names.normalised_email
    left join holders
        on
            named.normalised_email = holders.normalised_email
            and named.script = holders.script
),

final as (
    select
        record_key as left_key,
        'email|' || normalised_email as right_key,
        'email' as rule,
        min(email) as evidence,
        min(source_file) as source_file,
        min(source_row_number) as source_row_number,
        min(created_at) as first_seen_at,
        max(updated_at) as last_seen_at,
        min(refused_reason) as refused_reason
    from judged
    group by record_key, normalised_email

    union all

    select
        record_key as left_key,
        'email_and_name|' || normalised_email || '|' || name_key as right_key,
        'email_and_name' as rule,
        min(email) as evidence,
        min(source_file) as source_file,
        min(source_row_number) as source_row_number,
        min(created_at) as first_seen_at,
        max(updated_at) as last_seen_at,
        cast(null as varchar) as refused_reason
    from judged
    where starts_with(refused_reason, 'address passed on')
    group by record_key, normalised_email, name_key
)

select * from final
