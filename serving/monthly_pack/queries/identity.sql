select measure, dimension, dimension_value, value, unit
from marts.mart_identity_summary
where dimension = 'overall' and unit = 'ratio'
order by measure
