-- The moves of a posting turned round, each at its own value; the last went first.
insert into stock_move (id, posting_id, line, product_id, lot_id, unit_id, source_id, target_id,
                        source_quality, target_quality, qty, unit_cost, document_line)
select gen_random_uuid(), %s, row_number() over (order by m.line desc), m.product_id, m.lot_id,
       m.unit_id, m.target_id, m.source_id, m.target_quality, m.source_quality, m.qty, m.unit_cost,
       m.document_line
from stock_move m
where m.posting_id = %s
