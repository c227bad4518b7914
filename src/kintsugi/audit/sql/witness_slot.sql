-- The decoding witness's slot in this database: its name, the position read up to (bytes; null:
-- there is none), and whether the server has thrown away what it was to keep.
select 'kintsugi_witness_' || d.oid, (s.confirmed_flush_lsn - '0/0')::bigint,
       coalesce(s.wal_status = 'lost', false)
from pg_database d
left join pg_replication_slots s
    on s.slot_name = 'kintsugi_witness_' || d.oid and s.slot_type = 'logical'
where d.datname = current_database()
