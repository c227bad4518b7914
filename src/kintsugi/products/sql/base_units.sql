-- Base units in packages by identifier.
select device_identifier, issuer, product_id, base_units from product_base_units(%s)
