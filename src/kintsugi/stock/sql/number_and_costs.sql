-- The next posting's number, beside the average cost by product for those of the lines that enter
-- or leave the house; one row without a product where none does.
select n.number, c.product_id, c.unit_cost
from (select nextval('stock_posting_seq') as number) n
left join stock_average_costs(%s::uuid[], %s::uuid[], %s::uuid[]) c on true
