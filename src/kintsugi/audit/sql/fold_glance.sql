-- One look at every row of a table, at its header and id only: how many there are, the sum of their
-- hashed ids, and the rows whose version is of a transaction from the horizon on, which are added to
-- the rows to be compared. An UPDATE or INSERT gives a row a new version, logged or not.
with seen as (
    select count(*) as rows, coalesce(sum(uuid_hash_extended(t.id, 0)), 0) as ids,
           array_agg(t.id) filter (where age(t.xmin) <= %(span)s) as young
    from {table} t
),
put as (
    insert into fold_row (table_name, row_id)
    select %(table)s, y from seen, unnest(seen.young) y
    on conflict do nothing
)
select seen.rows, seen.ids::text from seen
