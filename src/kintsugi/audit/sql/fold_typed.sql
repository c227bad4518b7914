-- The columns in which a row of the log, read with the table's types of today, differs from the
-- live row. A type or a time zone may have changed since a value was logged.
with pair as (
    select jsonb_strip_nulls(to_jsonb(jsonb_populate_record(null::{table}, %(state)s::jsonb))) as log,
           (select jsonb_strip_nulls(to_jsonb(t)) from {table} t where t.id = %(row)s) as live
)
select coalesce(array_agg(a.key order by a.key), '{{}}')
from pair, lateral jsonb_object_keys(log || live) a(key)
where a.key <> 'id' and (log -> a.key) is distinct from (live -> a.key)
