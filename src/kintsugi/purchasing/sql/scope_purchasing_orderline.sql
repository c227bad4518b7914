-- Seen by whoever sees the document (its own policy holds in here).
order_id in (select d.id from purchasing_order d)
