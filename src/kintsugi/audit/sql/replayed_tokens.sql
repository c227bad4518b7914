-- Tokens of recent transactions that an earlier one came with too; null or a time: since.
select t.xid, t.at, t.actor, t.command, min(earlier.xid)
from audit_transaction t
join audit_transaction earlier on earlier.token = t.token and earlier.id < t.id
where t.xid >= coalesce((select min(s.xid) from (select xid from audit_transaction where at >= %(since)s offset 0) s), 0)
group by t.id, t.xid, t.at, t.actor, t.command
order by t.xid
