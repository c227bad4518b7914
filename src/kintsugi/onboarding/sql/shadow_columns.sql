-- Columns of a table that are not computed, in their order.
select attname
from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''
order by attnum
