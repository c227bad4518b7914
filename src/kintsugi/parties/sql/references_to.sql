-- Every column of one table that points to another table's id, as the catalogue knows them.
select c.conrelid::regclass::text, a.attname::text,
    exists (select from pg_attribute v where v.attrelid = c.conrelid and v.attname = 'version'
            and not v.attisdropped)
from pg_constraint c
join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
where c.contype = 'f' and c.confrelid = %s::regclass and cardinality(c.conkey) = 1
  and c.conrelid <> c.confrelid and c.conparentid = 0
order by 1, 2
