-- Every id that a fact carries stands in its dimension. One query a dimension: the ids are few.
{%- set columns = {
    'person': 'person_id', 'account': 'account_id', 'campaign': 'campaign_id', 'content': 'content_id',
    'channel': 'channel', 'owner': 'owner_id',
} %}
{%- set facts = {
    'fct_events': ['person', 'account', 'campaign', 'content', 'channel'],
    'fct_sessions': ['person', 'account', 'campaign', 'channel'],
    'fct_email_messages': ['person', 'account', 'campaign', 'content'],
    'fct_seminar_attendance': ['person', 'account', 'content'],
    'fct_calls': ['person', 'account', 'owner', 'campaign'],
    'fct_call_list_members': ['person', 'account', 'campaign'],
    'fct_step_mail_enrolments': ['person', 'account', 'content'],
    'fct_costs': ['campaign', 'channel'],
    'fct_lead_lifecycle': ['person', 'account', 'campaign', 'content', 'channel', 'owner'],
    'fct_opportunities': ['person', 'account', 'campaign', 'channel', 'owner'],
    'dim_person': ['account'],
} %}
{%- set selects = [] %}
{%- for fact, dimensions in facts.items() %}
{%- for dimension in dimensions %}
{%- do selects.append(
    "select distinct '" ~ fact ~ "' as fact, '" ~ dimension ~ "' as dimension, " ~ columns[dimension]
    ~ " as id from " ~ ref(fact)
) %}
{%- endfor %}
{%- endfor %}

with
pointers as (
    {{ selects | join(' union all ') }}
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
