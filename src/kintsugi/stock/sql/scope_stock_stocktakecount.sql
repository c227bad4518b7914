-- Those of the stocktakes of the scope, whose policy holds in here.
line_id in (select l.id from stock_stocktakeline l)
