-- Everything random is a hash of (seed, purpose, entity): the same whatever the order of rows or the number of threads.
create macro u(purpose, entity) as
    (hash(xor(hash(entity::bigint), hash(purpose || getvariable('seed')::varchar))) >> 11)::double / 9007199254740992.0;

create macro pick(list, purpose, entity) as list[1 + floor(u(purpose, entity) * len(list))::int];

create macro between_numbers(low, high, purpose, entity) as low + (high - low) * u(purpose, entity);

create macro lognormal(median, sigma, purpose, entity) as
    median * exp(sigma * sqrt(-2 * ln(1 - u(purpose, entity))) * cos(2 * pi() * u(purpose || ' angle', entity)));

-- How many there are of something of which a year at scale 1 has so many.
create macro volume(per_year) as greatest(1, round(per_year * getvariable('volume')))::bigint;

-- Times are UTC. Business days are cut in Asia/Tokyo, which has no daylight saving time.
create macro local_time(t) as t + interval 9 hour;
create macro business_day(t) as (t + interval 9 hour)::date;
create macro business_midnight(day) as day::timestamp - interval 9 hour;
create macro later(t, seconds) as t + to_microseconds((seconds * 1000000.0)::bigint);
create macro known(t) as case when t < getvariable('end_at') then t end;
create macro whole_ms(t) as date_trunc('millisecond', t);
create macro whole_s(t) as date_trunc('second', t);

create macro any_time(purpose, entity, from_at, to_at) as
    from_at + to_microseconds((u(purpose, entity) * (epoch_us(to_at) - epoch_us(from_at)))::bigint);

-- Most of what people do at work falls into office hours of weekdays.
create macro office_time_of(day, purpose, entity) as
    business_midnight(
        day - (case when isodow(day) > 5 and u(purpose || ' weekend', entity) < 0.8 then isodow(day) - 5 else 0 end)::int
    )
    + to_seconds(
        case
            when u(purpose || ' overtime', entity) < 0.1 then 86399 * u(purpose || ' a', entity)
            else 32400 + 18000 * (u(purpose || ' a', entity) + u(purpose || ' b', entity))
        end::bigint
    )
    + to_microseconds((999999 * u(purpose || ' fraction', entity))::bigint);

create macro office_time(purpose, entity, from_at, to_at) as
    case
        when
            office_time_of(business_day(any_time(purpose, entity, from_at, to_at)), purpose, entity)
            between from_at and to_at
            then office_time_of(business_day(any_time(purpose, entity, from_at, to_at)), purpose, entity)
        else any_time(purpose, entity, from_at, to_at)
    end;

-- UTM codes: one a quarter for what runs all year. Each tool's users type them in their own case.
create macro quarterly_code(kind, t) as kind || '_' || year(local_time(t)) || 'q' || quarter(local_time(t));
create macro as_written(code, tool) as
    case hash(code || tool) % 3 when 0 then upper(code) when 1 then upper(code[1]) || code[2:] else code end;

-- Salesforce ids: three characters name the object, the last three are a checksum over the capitals of the others.
create macro capitals(chunk) as
    list_sum([((chunk[i] between 'A' and 'Z')::int << (i - 1)) for i in [1, 2, 3, 4, 5]])::int;
create macro with_checksum(id15) as
    id15
    || 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'[1 + capitals(id15[1:5])]
    || 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'[1 + capitals(id15[6:10])]
    || 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'[1 + capitals(id15[11:15])];
create macro salesforce_id(prefix, number) as with_checksum(prefix || '5i' || lpad(number::bigint::varchar, 10, '0'));

create macro hubspot_id(contact_key) as (20000000000 + contact_key * 13)::bigint::varchar;
create macro client_id(device_key) as
    (100000000 + hash(xor(device_key::bigint, getvariable('seed')::bigint)) % 1900000000)::varchar
    || '.' || (1650000000 + device_key)::varchar;
create macro uuid_of(kind, key) as md5(kind || ':' || key || ':' || getvariable('seed'))::uuid::varchar;

create macro full_width(text) as
    translate(
        text,
        'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@.-+_',
        'ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ０１２３４５６７８９＠．－＋＿'
    );

-- Japan's corporate number: a check digit before twelve digits, which count once and twice in turn from the right.
create macro corporate_number(digits) as
    (9 - list_sum([(digits::varchar)[13 - n]::int * (2 - n % 2) for n in range(1, 13)])::bigint % 9)::varchar
    || digits::varchar;
