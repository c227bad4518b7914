-- Those of places in the warehouses of the scope, whose policy holds in here.
location_id in (select l.id from stock_location l where l.warehouse_id in (select w.id from stock_warehouse w))
