-- Whoever sees a delivery sees what belongs to it (the delivery's own policy holds in here).
delivery_id in (select d.id from sales_delivery d)
