-- A place of a warehouse that is no shelf: once, however many ask for it at the same time.
insert into stock_location (id, code, name, kind, zone, temp_zone, warehouse_id)
values (%s, %s, '', %s, '', '', %s)
on conflict do nothing
