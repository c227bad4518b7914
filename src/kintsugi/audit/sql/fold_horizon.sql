-- The first transaction recorded at or after a time. "offset 0" keeps the planner from looking for
-- the least xid through all the transactions before that time.
select min(t.xid)
from (select xid from audit_transaction where at >= %(since)s offset 0) t
