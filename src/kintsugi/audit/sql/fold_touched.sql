-- Rows with a change of a transaction from the horizon on.
insert into fold_row (table_name, row_id)
select distinct c.table_name, c.row_id
from audit_change c
join audit_transaction t on t.id = c.transaction_id
where t.xid >= %(horizon)s and c.op in ('I', 'U', 'D') and c.table_name = any(%(tables)s)
  and c.transaction_id >= (select min(s.id) from audit_transaction s where s.xid >= %(horizon)s)
