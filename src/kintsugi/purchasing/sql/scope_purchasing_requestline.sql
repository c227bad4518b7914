-- Seen by whoever sees the document (its own policy holds in here).
request_id in (select d.id from purchasing_request d)
