-- A workflow keeps lists of its own: of who was enrolled, who came to its end, and who reached its goal before.
select
    workflow_id as position,
    to_json({
        'id': workflow_id,
        'name': name,
        'type': 'DRIP_DELAY',
        'enabled': true,
        'insertedAt': epoch_of(created_at),
        'updatedAt': epoch_of(getvariable('start_at')),
        'contactListIds': {'enrolled': enrolled_list, 'active': null, 'completed': completed_list, 'succeeded': succeeded_list}
    })::varchar as record
from workflows
where getvariable('since') = getvariable('start_at')
