-- Whoever sees an order line sees how much of it is invoiced (the line's own policy holds in here).
order_line_id in (select l.id from sales_orderline l)
