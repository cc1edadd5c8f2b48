with
contents as (
    select * from {{ ref('dim_content') }}
),

final as (
    select
        {{ business_day('created_at') }} as date_on,
        count(*) filter (where content_type = 'form') as forms_made,
        count(*) filter (where content_type != 'email') as contents_made
    from contents
    where created_at < {{ as_of() }}
    group by all
)

select * from final
