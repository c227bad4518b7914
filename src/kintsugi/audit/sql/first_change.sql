-- The first change of a transaction from a time on; null: the first there is.
select case when %(since)s::timestamptz is null then 0 else coalesce((
    select min(c.id) from audit_change c
    where c.transaction_id >= (select min(t.id) from audit_transaction t where t.at >= %(since)s)
), 0) end
