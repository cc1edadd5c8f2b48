-- A share of mart_identity_summary lies between 0 and 1, and its counts are whole and not negative.
select measure, dimension, dimension_value, value
from {{ ref('mart_identity_summary') }}
where
    (unit = 'ratio' and value not between 0 and 1)
    or (unit = 'count' and (value is null or value < 0 or value <> floor(value)))
