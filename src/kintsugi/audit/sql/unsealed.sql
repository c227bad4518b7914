-- How many changes stand behind the last sealed one, and the time of the oldest of them.
select count(*), min(t.at)
from audit_transaction t
join audit_change c on c.transaction_id = t.id
where t.xid >= %(xid)s and (t.xid, c.id) > (%(xid)s, %(change)s) and c.id > %(after)s
