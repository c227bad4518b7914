-- Changes whose transaction is not in the record; null or a time: since.
select c.id, c.table_name, c.row_id::text, c.transaction_id
from audit_change c
where not exists (select 1 from audit_transaction t where t.id = c.transaction_id)
  and c.transaction_id >= coalesce(
      (select min(s.id) from audit_transaction s where s.at >= %(since)s), 0)
order by c.id
limit 10000
