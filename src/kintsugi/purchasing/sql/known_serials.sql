-- Serials that are known already, and the kind of place each is at.
select product_id, serial_no, kind from purchasing_known_serials(%s::uuid[], %s::text[])
