-- How units of products are told apart: none, lot, serial, lot_and_serial.
select p.id, stock_tracking(p) from products_product p where p.id = any (%s)
