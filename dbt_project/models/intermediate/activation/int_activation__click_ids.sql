{%- set parameters = ['gclid', 'fbclid'] -%}

-- The click ids that ad platforms append to their links, where a known person's hit still carries one.
with
hits as (
    select * from {{ ref('int_web__hits') }}
    where url like '%clid=%'
),

sessions as (
    select * from {{ ref('fct_sessions') }}
    where person_id is not null
),

found as (
    {% for parameter in parameters -%}
    select
        sessions.person_id,
        '{{ parameter }}' as parameter,
        {{ url_parameter('hits.url', parameter) }} as click_id,
        min(hits.occurred_at) as clicked_at
    from hits
    inner join sessions
        on hits.session_id = sessions.session_id
    where {{ url_parameter('hits.url', parameter) }} is not null
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Anybody can write a link: what no platform would have written (an address, a spreadsheet formula) is none of its ids.
final as (
    select * from found
    where {{ matches('click_id', "'^[A-Za-z0-9_-]+$'") }}
)

select * from final
