-- Those of the adjustments of the scope, whose policy holds in here.
adjustment_id in (select a.id from stock_adjustment a)
