-- An export shows what stood at the moment of the delivery (`until`), and of that what changed since the last.
create macro seen(t) as case when t < getvariable('until') then t end;
create macro delivered(t) as t >= getvariable('since') and t < getvariable('until');
-- Customers stand in the CRM since before the first day.
create macro is_in_first_delivery(t) as t < getvariable('start_at') and getvariable('since') = getvariable('start_at');
create macro iso_ms(t) as strftime(t, '%Y-%m-%dT%H:%M:%S.%gZ');
create macro salesforce_time(t) as strftime(t, '%Y-%m-%dT%H:%M:%S.000+0000');
create macro epoch_of(t) as epoch_ms(t)::bigint;
create macro attributes_of(type, id) as {'type': type, 'url': '/services/data/v61.0/sobjects/' || type || '/' || id};
create macro ga4_parameter(name, text, number) as {
    'key': name,
    'value': {'string_value': text::varchar, 'int_value': number::bigint, 'float_value': null::double, 'double_value': null::double}
};
create macro queue_id() as salesforce_id('00G', 1);
create macro user_id(owner_key) as salesforce_id('005', owner_key);
