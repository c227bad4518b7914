-- Those of the warehouses of the scope, whose policy holds in here.
warehouse_id in (select w.id from stock_warehouse w)
