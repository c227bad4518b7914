-- Seen by whoever sees the document (its own policy holds in here).
goods_return_id in (select d.id from purchasing_return d)
