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
        person_names.full_name_key,
        person_names.name_parts,
        person_names.script
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
        count(distinct full_name_key) as names,
        min(created_at) as held_since,
        arg_min(full_name_key, (created_at is null, created_at, record_key)) as full_name_key,
        arg_min(name_parts, (created_at is null, created_at, record_key)) as name_parts
    from named
    where full_name_key is not null and not is_placeholder and not is_role
    group by normalised_email, script
),

mailboxes as (
    select
        normalised_email,
        max(names) as names,
        arg_min(script, (held_since is null, held_since, script)) as first_script
    from holders
    group by normalised_email
),

compared as (
    select
        named.*,
        mailboxes.names,
        mailboxes.first_script,
        {{ names_differ('named', 'holders') }} as is_another
    from named
    left join mailboxes
        on named.normalised_email = mailboxes.normalised_email
    left join holders
        on
            named.normalised_email = holders.normalised_email
            and named.script = holders.script
),

passed_on as (
    select distinct normalised_email
    from compared
    where is_another
),

judged as (
    select
        compared.*,
        case
            when compared.is_placeholder then 'placeholder address'
            when compared.is_role then 'role mailbox: several people read it'
            when compared.names > {{ identity_limit('email', 'person_name') }}
                then 'mailbox of many names: several people read it'
            when compared.is_another then 'address passed on: its first holder has another name'
            when
                passed_on.normalised_email is not null
                and compared.full_name_key is not null
                and compared.script <> compared.first_script
                then 'address passed on: the script of the name does not tell to whom'
        end as refused_reason
    from compared
    left join passed_on
        on compared.normalised_email = passed_on.normalised_email
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
        'email_and_name|' || normalised_email || '|' || full_name_key as right_key,
        'email_and_name' as rule,
        min(email) as evidence,
        min(source_file) as source_file,
        min(source_row_number) as source_row_number,
        min(created_at) as first_seen_at,
        max(updated_at) as last_seen_at,
        cast(null as varchar) as refused_reason
    from judged
    where starts_with(refused_reason, 'address passed on')
    group by record_key, normalised_email, full_name_key
)

select * from final
