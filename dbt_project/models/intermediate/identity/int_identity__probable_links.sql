select null::varchar as left_component_key, null::varchar as right_component_key, null::double as probability, false as is_joined, null::varchar as reason where false
