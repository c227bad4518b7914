-- Average cost by product, for those of the lines that enter or leave the house.
select product_id, unit_cost from stock_average_costs(%s::uuid[], %s::uuid[], %s::uuid[])
