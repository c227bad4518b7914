-- Where a product of a lot may be put in a warehouse: its temperature fits, where the same lot lies
-- first, then the same product, then what is empty.
select l.id, l.code, w.code as warehouse, l.temp_zone,
       coalesce(b.same_lot, false) as same_lot, coalesce(b.same_product, false) as same_product,
       b.location_id is null as is_empty
from stock_location l
join stock_warehouse w on w.id = l.warehouse_id
join products_product p on p.id = %(product)s
left join lateral (
    select min(s.location_id::text) as location_id,
           bool_or(s.product_id = p.id) as same_product,
           bool_or(s.product_id = p.id and s.lot_id is not distinct from %(lot)s) as same_lot
    from stock_balance s
    where s.location_id = l.id and s.on_hand > 0
    having count(*) > 0
) b on true
where l.warehouse_id = %(warehouse)s and l.kind = 'bin' and l.zone = 'qualified' and not l.is_void
  and (
      l.temp_zone = ''
      or p.storage_condition is null
      or p.storage_condition not in ('normal', 'cool', 'cold', 'frozen')
      or l.temp_zone = p.storage_condition
      or (p.storage_condition = 'cool' and l.temp_zone = 'cold')
  )
order by coalesce(b.same_lot, false) desc, coalesce(b.same_product, false) desc,
         b.location_id is null desc,
         -- A place made for this temperature before one for any.
         l.temp_zone = coalesce(p.storage_condition, '') desc, l.code
limit %(limit)s
