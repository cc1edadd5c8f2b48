with
sizes as (
    select list_key, count(*) as size
    from list_members
    where joined_at < getvariable('until')
    group by list_key
)
select
    list_key as position,
    to_json({
        'listId': list_key,
        'name': name,
        'dynamic': true,
        'createdAt': epoch_of(getvariable('start_at')),
        'updatedAt': epoch_of(getvariable('until') - interval 1 hour),
        'metaData': {'size': coalesce(size, 0), 'processing': 'DONE'}
    })::varchar as record
from lists
left join sizes using (list_key)
