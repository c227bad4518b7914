-- Many lots on first sight; those that are known stay, and dates they lacked are filled in.
with said as (
    select * from unnest(%s::uuid[], %s::uuid[], %s::text[], %s::date[], %s::date[])
        as s (id, product_id, lot_no, mfg_date, expiry_date)
),
filled as (
    update stock_lot k
    set mfg_date = coalesce(k.mfg_date, s.mfg_date), expiry_date = coalesce(k.expiry_date, s.expiry_date),
        version = k.version + 1, updated_at = now()
    from said s
    where k.product_id = s.product_id and k.lot_no = s.lot_no
      and (k.mfg_date is null and s.mfg_date is not null or k.expiry_date is null and s.expiry_date is not null)
)
insert into stock_lot (id, product_id, lot_no, mfg_date, expiry_date)
select id, product_id, lot_no, mfg_date, expiry_date from said
on conflict (product_id, lot_no) do nothing
