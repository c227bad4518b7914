-- Fold the log of all rows whose ids lie in a slice: from (included) below to (null: no end).
insert into fold_row (table_name, row_id, op, lives, state)
select c.table_name, c.row_id, (array_agg(c.op order by c.id desc))[1],
       count(*) filter (where c.op = 'I'),
       case when count(*) = 1 then (array_agg(c.after))[1]
            else jsonb_strip_nulls(pg_temp.folded(c.after order by c.id)) end
from audit_change c
where c.row_id >= %(low)s and (%(high)s::uuid is null or c.row_id < %(high)s)
  and c.op in ('I', 'U', 'D') and c.table_name = any(%(tables)s)
group by c.table_name, c.row_id
