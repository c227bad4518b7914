-- The first change of a transaction from a time on; null: the first there is. "offset 0": not looked
-- for from the first one of all on.
select case when %(since)s::timestamptz is null then 0 else coalesce((
    select min(c.id)
    from (
        select a.id from audit_change a
        where a.transaction_id >= (
            select min(t.id)
            from (select id from audit_transaction where at >= %(since)s offset 0) t
        )
        offset 0
    ) c
), 0) end
