select
    source_system,
    anonymous_id,
    person_id,
    valid_from,
    valid_to
from {{ ref('int_identity__browser_owners') }}
