-- Changes that stand before a sealed one in the order, but were added after it was sealed.
select c.id, c.table_name, c.row_id, t.at
from audit_change c
join audit_transaction t on t.id = c.transaction_id
where c.id > %s and (t.xid, c.id) <= (%s, %s)
order by t.xid, c.id
