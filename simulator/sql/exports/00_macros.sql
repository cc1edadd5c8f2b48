-- An export shows what stood at the moment of the delivery (`until`), and of that what changed since the last.
create macro seen(t) as case when t < getvariable('until') then t end;
create macro delivered(t) as t >= getvariable('since') and t < getvariable('until');
create macro iso_ms(t) as strftime(t, '%Y-%m-%dT%H:%M:%S.%gZ');
create macro salesforce_time(t) as strftime(t, '%Y-%m-%dT%H:%M:%S.000+0000');
create macro epoch_of(t) as epoch_ms(t)::bigint;
create macro user_id(owner_key) as salesforce_id('005', owner_key);
