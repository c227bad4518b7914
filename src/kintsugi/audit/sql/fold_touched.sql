-- Rows with a change of a transaction from the horizon on. Transaction by transaction ("offset 0"):
-- the log before the horizon is not read.
insert into fold_row (table_name, row_id)
select distinct c.table_name, c.row_id
from audit_transaction t
cross join lateral (
    select a.table_name, a.row_id from audit_change a
    where a.transaction_id = t.id and a.op in ('I', 'U', 'D') and a.table_name = any(%(tables)s)
    offset 0
) c
where t.xid >= %(horizon)s
