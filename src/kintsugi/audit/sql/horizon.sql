-- The first transaction of this database that had not ended when this statement began: whatever
-- has a lower id is finished. Transactions of other databases of the cluster write nothing here; one
-- that cannot be told to belong elsewhere counts as ours.
with now as materialized (select pg_current_snapshot() as s)
select least(
    pg_snapshot_xmax(s)::text::bigint,
    (
        select min(x::text::bigint)
        from pg_snapshot_xip(s) x
        where not exists (
            select from pg_stat_activity a
            where a.datname <> current_database()
                and a.backend_xid::text::bigint = x::text::bigint % 4294967296
        ) and not exists (
            select from pg_prepared_xacts p
            where p.database <> current_database()
                and p.transaction::text::bigint = x::text::bigint % 4294967296
        )
    )
)
from now
