-- Filled of the fields that after-sales work asks of every device: customer, place, purchase date,
-- end of warranty, model, maker, registration number.
select count(d.customer_id)
     + count(nullif(coalesce(nullif(d.department, ''), d.install_site), ''))
     + count(d.purchase_date)
     + count(d.warranty_end)
     + count(coalesce(nullif(d.product_model, ''), nullif(p.model, '')))
     + count(p.manufacturer_id)
     + count(nullif(p.registration_no, '')) as part,
       count(*) * 7 as whole
from devices_device d
join products_product p on p.id = d.product_id
where not d.is_void
