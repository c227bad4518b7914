-- A hold on a product or a lot concerns everybody; one on a unit whoever sees the unit.
unit_id is null
or exists (select 1 from stock_unit u where u.id = stock_block.unit_id)
