-- Many lots on first sight, in one order, so that two callers wait for each other.
insert into stock_lot (id, product_id, lot_no, mfg_date, expiry_date)
select * from unnest(%s::uuid[], %s::uuid[], %s::text[], %s::date[], %s::date[])
    as w (id, product_id, lot_no, mfg_date, expiry_date)
order by w.product_id, w.lot_no
on conflict (product_id, lot_no) do nothing
