-- Seen by whoever sees the document (its own policy holds in here).
acceptance_id in (select d.id from purchasing_acceptance d)
