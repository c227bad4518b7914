-- Whoever sees an order sees what belongs to it (the order's own policy holds in here).
order_id in (select o.id from sales_order o)
