-- The same for products.
create or replace trigger merge_by_act before update of merged_into_id on products_product
    for each row execute function merge_by_act('product.merge');
