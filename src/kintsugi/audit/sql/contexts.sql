-- Contexts of transactions in the order they began, a page at a time: parameters since (or null),
-- the last xid seen, the size of a page. By xid, not by time: a time can be written by hand. What
-- was not sealed at that time is looked at too, whatever time it bears. "offset 0": not looked for
-- from the first transaction on.
select t.id, t.xid, t.at, t.token, t.actor, t.actor_id::text, t.command, t.reason, t.request_id,
       t.run_id::text, t.facts::text
from audit_transaction t
where t.xid > %(after)s
  and t.xid >= coalesce(least(
      (select min(s.xid) from (select xid from audit_transaction where at >= %(since)s offset 0) s),
      (select c.cursor_xid from audit_checkpoint c where c.at < %(since)s order by c.number desc limit 1)
  ), 0)
order by t.xid
limit %(page)s
