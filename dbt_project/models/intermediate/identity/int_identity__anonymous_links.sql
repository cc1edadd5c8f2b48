-- Anonymous browser ids and the records they were seen with. A browser that would tie two persons (a shared device)
-- ties neither: that is decided on persons that stand without cookies.
with
events as (
    select * from {{ ref('int_canonical__events') }}
    where anonymous_id is not null and not is_bot
),

file_leads as (
    select * from {{ ref('stg_files__leads') }}
    where anonymous_id is not null
),

canonical_persons as (
    select * from {{ ref('int_canonical__persons') }}
),

persons as (
    select * from {{ ref('int_identity__persons') }}
),

emails as (
    select * from {{ ref('int_identity__emails') }}
),

placeholder_values as (
    select * from {{ ref('placeholder_values') }}
    where kind = 'any'
),

browsers as (
    select distinct source_system, anonymous_id
    from events
    where surface = 'web'
),

-- A login names the user by the id of some tool: it is followed where all records with that id are one person.
logins as (
    select anonymous_id, user_id, min(occurred_at) as first_seen_at
    from events
    where user_id is not null
    group by anonymous_id, user_id
),

user_ids as (
    select record_id as user_id, record_key from persons
    where record_type in ('contact', 'lead', 'person', 'subscriber')
    union
    select external_id as user_id, record_key from canonical_persons
    where external_id is not null
),

users as (
    select
        user_ids.user_id,
        min(user_ids.record_key) as record_key
    from user_ids
    inner join persons
        on user_ids.record_key = persons.record_key
    where
        not exists (
            select 1 from placeholder_values
            where {{ matches('user_ids.user_id', 'placeholder_values.pattern') }}
        )
    group by user_ids.user_id
    having count(distinct persons.person_id) = 1
),

sightings as (
    select
        logins.anonymous_id,
        users.record_key,
        'login' as rule,
        logins.first_seen_at
    from logins
    inner join users
        on logins.user_id = users.user_id

    union all

    select
        anonymous_id,
        person_record_key as record_key,
        event_name as rule,
        min(occurred_at) as first_seen_at
    from events
    where person_record_key is not null
    group by anonymous_id, person_record_key, event_name

    union all

    select
        anonymous_id,
        {{ record_key('source_system', "'lead'", 'lead_id') }} as record_key,
        'lead' as rule,
        created_at as first_seen_at
    from file_leads
),

linked as (
    select
        {{ record_key('browsers.source_system', "'anonymous_id'", 'browsers.anonymous_id') }} as left_key,
        browsers.source_system,
        browsers.anonymous_id,
        sightings.record_key as right_key,
        sightings.rule,
        sightings.first_seen_at,
        persons.person_id,
        case
            when exists (
                select 1 from placeholder_values
                where {{ matches('browsers.anonymous_id', 'placeholder_values.pattern') }}
            ) then 'placeholder value'
            -- A login is one user's; a form only names an address.
            when sightings.rule <> 'login' and emails.is_placeholder then 'placeholder address'
            when sightings.rule <> 'login' and emails.is_role then 'role mailbox: several people read it'
        end as refused_reason
    from browsers
    inner join sightings
        on browsers.anonymous_id = sightings.anonymous_id
    inner join persons
        on sightings.record_key = persons.record_key
    left join emails
        on persons.email = emails.email
),

persons_of_browser as (
    select left_key, count(distinct person_id) as persons
    from linked
    where refused_reason is null
    group by left_key
),

final as (
    select
        linked.left_key,
        linked.source_system,
        linked.anonymous_id,
        linked.right_key,
        linked.rule,
        linked.first_seen_at,
        linked.person_id,
        coalesce(
            linked.refused_reason,
            case when persons_of_browser.persons > 1 then 'browser of several persons' end
        ) as refused_reason
    from linked
    left join persons_of_browser
        on linked.left_key = persons_of_browser.left_key
)

select * from final
