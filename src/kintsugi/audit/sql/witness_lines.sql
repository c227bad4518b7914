-- The next lines of the write-ahead log about some tables, as far as they say which row: position
-- in bytes, transaction (32 bits), text. The slot stays where it is.
select (lsn - '0/0')::bigint, xid::text::bigint,
    -- A truncation names every table it empties, and there may be hundreds.
    left(data, case when data like '%%: TRUNCATE: %%' then 100000 else %(characters)s end)
from pg_logical_slot_peek_changes(
    %(slot)s, '0/0'::pg_lsn + %(until)s::numeric, %(lines)s,
    'include-timestamp', 'on', 'include-xids', 'off', 'skip-empty-xacts', 'on')
where left(data, 6) in ('BEGIN', 'COMMIT') or data like '%%: TRUNCATE: %%'
   or substring(data from '^table public\."?(\w+)"?: ') = any(%(tables)s)
