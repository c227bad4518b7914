-- Changes of transactions that the server has not begun yet: never below the horizon, so never
-- sealed.
select c.id, c.table_name, c.row_id, t.at
from audit_transaction t
join audit_change c on c.transaction_id = t.id
where t.xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    and t.xid <> coalesce(pg_current_xact_id_if_assigned()::text::bigint, -1)
    and c.id > %s
order by t.xid, c.id
