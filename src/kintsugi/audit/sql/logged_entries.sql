-- Entries of the change log by id, a page at a time, with their transaction and its time.
select c.id, c.table_name, c.row_id::text, c.op, t.xid, t.at
from audit_change c
left join audit_transaction t on t.id = c.transaction_id
where c.id > %(after)s
order by c.id
limit %(page)s
