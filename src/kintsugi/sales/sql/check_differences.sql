-- What the running check of a delivery differs in, thing by thing.
select r.product_code, r.name, t.lot_no, u.serial_no, f.picked, f.scanned
from sales_check_differences(%s) f
join products_product r on r.id = f.product_id
left join stock_lot t on t.id = f.lot_id
left join stock_unit u on u.id = f.unit_id
order by r.product_code, t.lot_no, u.serial_no
