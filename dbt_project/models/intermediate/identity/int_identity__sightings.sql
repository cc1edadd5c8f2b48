-- When a browser showed who sits at it: a login, a form sent, a click in a mail.
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

rules as (
    select * from {{ ref('identity_rules') }}
    where not joins
),

browsers as (
    select distinct source_system, anonymous_id
    from events
    where surface = 'web'
),

-- A login names the user by the id of some tool: it is followed where all records with that id are one person.
user_ids as (
    select record_id as user_id, record_key from persons
    where record_type in ('contact', 'lead', 'person', 'subscriber')
    union
    select external_id as user_id, record_key from canonical_persons
    where external_id is not null
),

logged_in as (
    select distinct user_id
    from events
    where user_id is not null
),

-- Each value is tried once: a pattern that is data is compiled for each comparison.
placeholder_users as (
    select distinct logged_in.user_id
    from logged_in
    inner join placeholder_values
        on {{ matches('logged_in.user_id', 'placeholder_values.pattern') }}
),

users as (
    select
        user_ids.user_id,
        min(user_ids.record_key) as record_key
    from user_ids
    inner join logged_in
        on user_ids.user_id = logged_in.user_id
    inner join persons
        on user_ids.record_key = persons.record_key
    left join placeholder_users
        on user_ids.user_id = placeholder_users.user_id
    where placeholder_users.user_id is null
    group by user_ids.user_id
    having count(distinct persons.person_id) = 1
),

shown as (
    select
        events.source_system,
        events.anonymous_id,
        users.record_key,
        'login' as rule,
        events.occurred_at,
        events.source_file,
        events.source_row_number
    from events
    inner join users
        on events.user_id = users.user_id

    union all

    select
        source_system,
        anonymous_id,
        person_record_key as record_key,
        -- What calls itself a login but names an address only shows no more than a form does.
        case when event_name = 'login' then 'form_submit' else event_name end as rule,
        occurred_at,
        source_file,
        source_row_number
    from events
    where person_record_key is not null

    union all

    select
        source_system,
        anonymous_id,
        {{ record_key('source_system', "'lead'", 'lead_id') }} as record_key,
        'lead' as rule,
        created_at as occurred_at,
        source_file,
        source_row_number
    from file_leads
),

placeholder_browsers as (
    select distinct shown_browsers.anonymous_id
    from (select distinct anonymous_id from shown) as shown_browsers
    inner join placeholder_values
        on {{ matches('shown_browsers.anonymous_id', 'placeholder_values.pattern') }}
),

-- A tracker's ids are its own. A tool that tracks no browsers (a form) passes on the id that it read in the page.
trackers as (
    select distinct source_system from browsers
),

final as (
    select
        browsers.source_system,
        browsers.anonymous_id,
        shown.record_key,
        shown.rule,
        coalesce(rules.strength, 0) as strength,
        shown.occurred_at,
        shown.source_file,
        shown.source_row_number,
        persons.person_id,
        case
            when placeholder_browsers.anonymous_id is not null then 'placeholder value'
            -- A login is one user's; a form only names an address.
            when shown.rule <> 'login' and emails.is_placeholder then 'placeholder address'
            when shown.rule <> 'login' and emails.is_role then 'role mailbox: several people read it'
        end as refused_reason
    from shown
    left join trackers
        on shown.source_system = trackers.source_system
    inner join browsers
        on
            shown.anonymous_id = browsers.anonymous_id
            and (trackers.source_system is null or shown.source_system = browsers.source_system)
    left join placeholder_browsers
        on browsers.anonymous_id = placeholder_browsers.anonymous_id
    inner join persons
        on shown.record_key = persons.record_key
    left join emails
        on persons.email = emails.email
    left join rules
        on shown.rule = rules.rule
)

select * from final
