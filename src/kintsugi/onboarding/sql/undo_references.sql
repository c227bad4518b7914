-- Every column that points to the id of a table, whether its rows can be void, and whether an index
-- begins with it.
select c.conrelid::regclass::text, a.attname::text,
    exists (
        select from pg_attribute v
        where v.attrelid = c.conrelid and v.attname = 'is_void' and not v.attisdropped
    ),
    exists (select from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1]
            and i.indisvalid)
from pg_constraint c
join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
where c.contype = 'f' and c.confrelid = %s::regclass and cardinality(c.conkey) = 1
  and c.conparentid = 0
order by 1, 2
