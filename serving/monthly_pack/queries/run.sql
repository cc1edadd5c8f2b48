select version, code_version, business_timezone, timezone(business_timezone, timezone('UTC', as_of)) as local_as_of
from marts.mart_run
