-- What one of each thing is worth when its stocktake is judged: the moving average.
update stock_stocktakeline l
set unit_cost = round(c.value / c.qty, 6), version = l.version + 1, updated_at = now()
from stock_cost c
where l.stocktake_id = %(stocktake)s and l.difference <> 0 and c.product_id = l.product_id and c.qty > 0
