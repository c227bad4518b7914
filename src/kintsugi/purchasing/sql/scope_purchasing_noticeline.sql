-- Seen by whoever sees the document (its own policy holds in here).
notice_id in (select d.id from purchasing_notice d)
