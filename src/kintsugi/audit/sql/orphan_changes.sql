-- Changes whose transaction is gone: nobody can say who made them.
select c.id, c.table_name, c.row_id
from audit_change c
where c.id > %s
    and not exists (select from audit_transaction t where t.id = c.transaction_id)
order by c.id
