-- How many changes of ended transactions the decoding witness has not read.
select count(*)
from audit_change c
join audit_transaction t on t.id = c.transaction_id
where t.xid >= %(horizon)s
  and t.xid < %(ended)s
  and c.transaction_id >= (select min(s.id) from audit_transaction s where s.xid >= %(horizon)s)
