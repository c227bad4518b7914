-- The changes of some rows, in order, with the time of each; every value as JSON text of its own,
-- so that no number loses a digit on its way.
select c.row_id, c.id, c.op,
       (select jsonb_object_agg(e.key, e.value::text) from jsonb_each(c.after) e)::text, t.at
from audit_change c
left join audit_transaction t on t.id = c.transaction_id
where c.table_name = %(table)s and c.row_id = any(%(rows)s::uuid[]) and c.op in ('I', 'U', 'D')
order by c.row_id, c.id
