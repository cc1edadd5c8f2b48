{%- set grains = ['month', 'quarter', 'all'] -%}
{%- set dimensions = {
    'campaign': 'campaign_value', 'content': 'content_value', 'sender': 'sender_value', 'list': 'list_value',
    'list_age': 'list_age', 'weekday': 'weekday_value', 'hour': 'hour_value', 'weekday_x_hour': 'weekday_x_hour',
    'segment': 'segment', 'link': 'link',
} -%}
{%- set outcomes = ['not_bounced', 'delivered', 'opened', 'clicked', 'unsubscribed', 'converted'] -%}
{%- set rates = {
    'delivery_rate': ['not_bounced', 'mails'], 'open_rate': ['opened', 'delivered'], 'click_rate': ['clicked', 'opened'],
    'unsubscribe_rate': ['unsubscribed', 'delivered'], 'conversion_rate': ['converted', 'delivered'],
} -%}

with
mails as (
    select * from {{ ref('int_email__outcomes') }}
),

clicks as (
    select * from {{ ref('int_canonical__events') }}
    where event_name = 'email_clicked' and not is_bot
),

persons as (
    select * from {{ ref('dim_person') }}
),

accounts as (
    select * from {{ ref('dim_account') }}
),

dates as (
    select * from {{ ref('dim_date') }}
),

list_age_bands as (
    select * from {{ ref('list_age_bands') }}
),

subject_traits as (
    select * from {{ ref('subject_traits') }}
),

subjects as (
    select distinct subject from mails
    where subject is not null
),

traits as (
    select
        subjects.subject,
        subject_traits.trait_id
    from subjects
    inner join subject_traits on {{ matches('subjects.subject', 'subject_traits.pattern') }}
),

-- What a mail calls to: the page that most of its clicks lead to.
links as (
    select
        content_id,
        {{ url_path('url') }} as link,
        row_number() over (partition by content_id order by count(*) desc, {{ url_path('url') }}) as link_rank
    from clicks
    where url is not null
    group by content_id, {{ url_path('url') }}
),

described as (
    select
        mails.*,
        mails.sent_on as date_on,
        coalesce(mails.campaign_id, 'unattributed') as campaign_value,
        coalesce(mails.content_id, 'unattributed') as content_value,
        coalesce(mails.sender_name, 'unknown') as sender_value,
        coalesce(mails.list_id, 'unknown') as list_value,
        coalesce(list_age_bands.band, 'unknown') as list_age,
        coalesce(accounts.industry, 'unknown') as segment,
        coalesce(links.link, 'none clicked') as link,
        cast(dates.iso_weekday as {{ dbt.type_string() }}) as weekday_value,
        lpad(cast(extract(hour from {{ business_time('mails.sent_at') }}) as {{ dbt.type_string() }}), 2, '0') as hour_value
    from mails
    inner join dates on mails.sent_on = dates.date_on
    left join persons on mails.person_id = persons.person_id
    left join accounts on mails.account_id = accounts.account_id
    left join links on mails.content_id = links.content_id and links.link_rank = 1
    -- Who was mailed before the first record of them was made is as young as can be.
    left join list_age_bands
        on
            greatest({{ dbt.datediff('persons.first_seen_at', 'mails.sent_at', 'day') }}, 0)
            between list_age_bands.from_days and list_age_bands.to_days
),

dated as (
    select
        *,
        weekday_value || ' × ' || hour_value as weekday_x_hour,
        {{ rollup_periods(grains) }}
    from described
),

dated_by_trait as (
    select
        dated.*,
        traits.trait_id
    from dated
    inner join traits on dated.subject = traits.subject
),

{#- A mail has one value of each of these dimensions, but any number of traits. -#}
{% for source, source_dimensions in {'dated': dimensions, 'dated_by_trait': {'subject_trait': 'trait_id'}}.items() %}
counted_{{ source }} as (
    select
        {{ rollup_labels(grains, source_dimensions) }},
        count(*) as mails{% for outcome in outcomes %},
        count(*) filter (where is_{{ outcome }}) as {{ outcome }}{% endfor %}
    from {{ source }}
    group by {{ rollup_sets([], grains, source_dimensions) }} -- noqa: PRS
),
{% endfor %}
counted as (
    select * from counted_dated
    where mails > 0
    union all
    select * from counted_dated_by_trait
    where dimension = 'subject_trait'
),

final as (
    select
        period_grain,
        period_start,
        dimension,
        dimension_value,
        mails{% for outcome in outcomes %},
        {{ outcome }}{% endfor %}{% for rate, parts in rates.items() %},
        {{ parts[0] }} / nullif({{ parts[1] }}, 0) as {{ rate }},
        {{ wilson_low(parts[0], parts[1]) }} as {{ rate }}_low,
        {{ wilson_high(parts[0], parts[1]) }} as {{ rate }}_high{% endfor %}
    from counted
)

select * from final
