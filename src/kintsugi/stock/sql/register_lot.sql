-- A lot on first sight; a second caller of the same moment waits and finds it.
insert into stock_lot (id, product_id, lot_no, mfg_date, expiry_date)
values (%s, %s, %s, %s, %s)
on conflict (product_id, lot_no) do nothing
