-- Seen by whoever sees the document (its own policy holds in here).
receipt_id in (select d.id from purchasing_receipt d)
