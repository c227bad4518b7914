-- Where the items of deliveries and the ledger differ.
select d.number, l.line_no, t.lot_no, u.serial_no, f.place, f.said, f.ledger
from sales_ledger_differences(%s::uuid[]) f
join sales_delivery d on d.id = f.delivery_id
left join sales_deliveryline l on l.id = f.line_id
left join stock_lot t on t.id = f.lot_id
left join stock_unit u on u.id = f.unit_id
order by d.number, l.line_no, t.lot_no, u.serial_no, f.place
