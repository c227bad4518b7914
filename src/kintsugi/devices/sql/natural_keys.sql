-- Product code and serial number of every device.
select d.id, p.product_code || '|' || d.serial_no as key
from devices_device d join products_product p on p.id = d.product_id
