-- depends_on: {{ ref('int_identity__resolved_links') }}
-- The moment that the person graph stands for. int_identity__touched takes the row away while a run resolves, so that the
-- run after a crash builds on nothing half done.
select {{ as_of() }} as as_of
