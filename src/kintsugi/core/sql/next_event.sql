-- The oldest event of an ended transaction that waits for its handlers.
select id from core_event
where handled_at is null
  and (retry_at is null or retry_at <= %s)
  and attempts < %s
  and xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
order by xid, id
for update skip locked
limit 1
