-- The checks of a trade, in the order in which people read them.
select product, finding, passed, reason, facts
from trade_findings(%s, %s, %s, %s, %s)
order by product, array_position(
    '{party,first-review,product-review,product-status,data,licence,scope,authorisation,certificate}',
    finding
)
