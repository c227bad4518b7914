-- Fold the whole log of the rows to be compared.
update fold_row r
set op = l.op, lives = l.lives, state = l.state
from (
    select c.table_name, c.row_id, (array_agg(c.op order by c.id desc))[1] as op,
           count(*) filter (where c.op = 'I') as lives,
           jsonb_strip_nulls(pg_temp.folded(c.after order by c.id)) as state
    from fold_row f
    join audit_change c on c.row_id = f.row_id and c.table_name = f.table_name
    where c.op in ('I', 'U', 'D')
    group by c.table_name, c.row_id
) l
where l.table_name = r.table_name and l.row_id = r.row_id
