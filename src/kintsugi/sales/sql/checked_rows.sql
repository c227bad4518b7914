-- What a check record says of each thing, as it reads now.
select l.line_no, r.product_code, r.name as product, coalesce(r.model, '') as model,
       coalesce(r.registration_no, '') as registration_no, coalesce(m.name, '') as manufacturer,
       coalesce(r.storage_condition, '') as storage, coalesce(r.base_uom, '') as uom,
       coalesce(t.lot_no, '') as lot_no, coalesce(u.serial_no, '') as serial_no,
       coalesce(u.mfg_date, t.mfg_date) as made_on,
       coalesce(u.expiry_date, t.expiry_date) as expiry, i.picked as qty, i.box_no
from sales_deliveryitem i
join sales_deliveryline l on l.id = i.line_id
join products_product r on r.id = i.product_id
left join parties_party m on m.id = r.manufacturer_id
left join stock_lot t on t.id = i.lot_id
left join stock_unit u on u.id = i.unit_id
where i.delivery_id = %s and not i.is_void
order by l.line_no, t.lot_no, u.serial_no, i.id
