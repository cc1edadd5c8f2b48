with
micro_conversions as (
    select * from {{ ref('micro_conversions') }}
),

final_conversions as (
    select * from {{ ref('final_conversions') }}
),

dated as (
    select
        *,
        {{ business_day(as_of()) }} between valid_from and coalesce(valid_to, cast('9999-12-31' as date)) as is_active
    from micro_conversions
),

final as (
    select
        dated.mcv_id,
        dated.name_en as mcv_name,
        dated.name_ja as mcv_name_ja,
        dated.business_type,
        dated.final_conversion,
        final_conversions.name_en as final_conversion_name,
        final_conversions.name_ja as final_conversion_name_ja,
        final_conversions.population,
        dated.window_days,
        dated.role,
        dated.owner,
        dated.valid_from,
        dated.valid_to,
        dated.last_reviewed_on,
        dated.is_active,
        dated.is_active
        and {{ dbt.dateadd('month', '-cast(' ~ micro_conversion_limit('review_every_months') ~ ' as integer)', business_day(as_of())) }}
        > coalesce(dated.last_reviewed_on, dated.valid_from) as is_review_due,
        count(*) filter (where dated.is_active) over () as active_count,
        count(*) filter (where dated.is_active) over () > {{ micro_conversion_limit('recommended_at_most') }}
            as is_more_than_recommended
    from dated
    inner join final_conversions
        on dated.final_conversion = final_conversions.final_conversion
)

select * from final
