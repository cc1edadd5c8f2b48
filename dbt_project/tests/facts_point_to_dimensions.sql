-- Every id that a fact carries stands in its dimension. One query a dimension: the ids are few.
{%- set facts = {
    'fct_events': {'person': 'person_id', 'account': 'account_id', 'campaign': 'campaign_id', 'content': 'content_id', 'channel': 'channel'},
    'fct_sessions': {'person': 'person_id', 'account': 'account_id', 'campaign': 'campaign_id', 'channel': 'channel'},
    'fct_email_messages': {'person': 'person_id', 'account': 'account_id', 'campaign': 'campaign_id', 'content': 'content_id'},
    'fct_seminar_attendance': {'person': 'person_id', 'account': 'account_id', 'content': 'content_id'},
    'fct_calls': {'person': 'person_id', 'account': 'account_id', 'owner': 'owner_id'},
    'fct_costs': {'campaign': 'campaign_id', 'channel': 'channel'},
    'dim_person': {'account': 'account_id'},
} %}

with
pointers as (
    {%- for fact, columns in facts.items() %}
        {%- set is_last_fact = loop.last %}
        {%- for dimension, column in columns.items() %}
            select distinct '{{ fact }}' as fact, '{{ dimension }}' as dimension, {{ column }} as id
            from {{ ref(fact) }}
            {{ 'union all' if not (is_last_fact and loop.last) }}
        {%- endfor %}
    {%- endfor %}
),

dimensions as (
    select 'person' as dimension, person_id as id from {{ ref('dim_person') }}
    union all
    select 'account' as dimension, account_id as id from {{ ref('dim_account') }}
    union all
    select 'campaign' as dimension, campaign_id as id from {{ ref('dim_campaign') }}
    union all
    select 'content' as dimension, content_id as id from {{ ref('dim_content') }}
    union all
    select 'channel' as dimension, channel_id as id from {{ ref('dim_channel') }}
    union all
    select 'owner' as dimension, owner_id as id from {{ ref('dim_owner') }}
),

final as (
    select
        pointers.fact,
        pointers.dimension,
        pointers.id
    from pointers
    left join dimensions
        on
            pointers.dimension = dimensions.dimension
            and pointers.id = dimensions.id
    where pointers.id is not null and dimensions.id is null
)

select * from final
