-- By table: how many more rows the log of some transactions makes, and the sum of their hashed ids.
-- Transactions from "from" on and, where "below" is not null, below it.
select c.table_name,
       coalesce(sum(case c.op when 'I' then 1 else -1 end), 0),
       coalesce(sum(case c.op when 'I' then 1 else -1 end * uuid_hash_extended(c.row_id, 0)::numeric), 0)::text
from audit_change c
join audit_transaction t on t.id = c.transaction_id
where c.op in ('I', 'D') and t.xid >= %(from)s and (%(below)s::bigint is null or t.xid < %(below)s)
  and c.transaction_id >= coalesce((select min(s.id) from audit_transaction s where s.xid >= %(from)s), 0)
group by c.table_name
