-- Keep the names of a business table's columns in the record (op S) where they changed since the
-- last entry, with the value that ADD COLUMN ... DEFAULT gave to rows that stood already: such a
-- value is in no change of a row, and an older name is in many. Parameter: names of the tables.
with now_named as (
    select c.relname as table_name,
           jsonb_object_agg(a.attnum::text, a.attname) as names,
           coalesce(jsonb_object_agg(a.attname, (a.attmissingval::text::text[])[1])
                    filter (where a.atthasmissing), '{}') as fills
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relname = any(%s) and c.relnamespace = 'public'::regnamespace
    group by c.relname
)
insert into audit_change (transaction_id, table_name, row_id, op, after)
select audit_transaction_id(), n.table_name, 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'S',
       jsonb_build_object('names', n.names, 'fills', n.fills)
from now_named n
where n.names is distinct from (
    select c.after -> 'names' from audit_change c
    where c.table_name = n.table_name and c.op = 'S'
      and c.row_id = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
    order by c.id desc limit 1
)
