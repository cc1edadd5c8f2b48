select
    list_key as position,
    to_json({
        'listId': list_key,
        'name': name,
        'dynamic': true,
        'createdAt': epoch_of(getvariable('start_at')),
        'updatedAt': epoch_of(getvariable('until') - interval 1 hour),
        'metaData': {'size': (select count(*) from contacts where created_at < getvariable('until')), 'processing': 'DONE'}
    })::varchar as record
from (values (1, 'メールマガジン購読者'), (2, '見込み客（リード）')) as lists (list_key, name)
