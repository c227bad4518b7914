-- Those of the stocktakes of the scope, whose policy holds in here.
stocktake_id in (select s.id from stock_stocktake s)
