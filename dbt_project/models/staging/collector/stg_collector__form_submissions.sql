with
source as (
    select * from {{ source('raw', 'collector__form_submissions') }}
),

-- The site's server sends again what was not answered: the first receipt counts.
first_received as (
    select *
    from source
    where _delivered_at <= {{ as_of() }}
    qualify
        row_number() over (
            partition by _source, submission_id
            order by received_at asc, _delivered_at asc, _file asc, _row_number asc
        ) = 1
),

final as (
    select
        -- ids
        _source as source_system,
        {{ pseudonym(['_source', "'form_submission'", 'submission_id']) }} as form_submission_id,
        submission_id as sent_submission_id,
        form_id,
        {{ cleaned('anonymous_id') }} as anonymous_id,

        -- lineage
        _file as source_file,
        _row_number as source_row_number,

        -- text
        lower({{ cleaned('email') }}) as email,
        page_url,

        -- times
        least(submitted_at, received_at) as submitted_at
    from first_received
)

select * from final
