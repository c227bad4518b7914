-- A place that is nobody's or a party's: once, however many ask for it at the same time.
insert into stock_location (id, code, name, kind, zone, temp_zone, party_id)
values (%s, %s, '', %s, '', '', %s)
on conflict do nothing
