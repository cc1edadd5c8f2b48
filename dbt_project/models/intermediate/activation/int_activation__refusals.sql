-- Addresses that must not be used. One word against it in any tool counts, whoever else writes with the address.
with
canonical_persons as (
    select * from {{ ref('int_canonical__persons') }}
),

events as (
    select * from {{ ref('int_canonical__events') }}
),

said as (
    select
        lower(email) as email,
        'opted out' as reason
    from canonical_persons
    where not may_email

    union all

    select
        lower(email) as email,
        'unsubscribed' as reason
    from events
    where event_name in ('email_unsubscribed', 'email_reported_as_spam')
),

final as (
    select
        email,
        min(reason) as reason
    from said
    where email is not null
    group by email
)

select * from final
