-- How many changes of ended transactions the decoding witness has not read. Transaction by transaction
-- ("offset 0"): what it has read is not counted through.
select coalesce(sum(c.count), 0)
from audit_transaction t
cross join lateral (
    select count(*) as count from audit_change a where a.transaction_id = t.id offset 0
) c
where t.xid >= %(horizon)s and t.xid < %(ended)s
