-- What the ledger says lies in the part of a warehouse that is counted: a row for each lot at each
-- place, one for each serial unit, and what of a lot has no serial. One statement, so all of it at
-- one instant.
insert into stock_stocktakeline (id, stocktake_id, location_id, product_id, lot_id, unit_id, quality, expected)
select gen_random_uuid(), s.id, f.location_id, f.product_id, f.lot_id, f.unit_id, f.quality, f.qty
from stock_stocktake s
join stock_location l on l.warehouse_id = s.warehouse_id and l.kind in ('bin', 'van')
cross join lateral (
    select b.location_id, b.product_id, b.lot_id, null::uuid as unit_id, b.quality,
           b.on_hand - n.units as qty
    from stock_balance b
    cross join lateral (
        select count(*) as units from stock_unit u
        where u.location_id = b.location_id and u.product_id = b.product_id
          and u.lot_id is not distinct from b.lot_id and u.quality = b.quality
    ) n
    where b.location_id = l.id and b.on_hand > n.units
    union all
    select u.location_id, u.product_id, u.lot_id, u.id, u.quality, 1
    from stock_unit u
    where u.location_id = l.id and not u.is_void
) f
join products_product r on r.id = f.product_id
where s.id = %(stocktake)s
  and (s.zones = '[]' or s.zones ? l.zone)
  and (s.places = '[]' or s.places ? l.code)
  and (s.products = '[]' or s.products ? r.product_code)
