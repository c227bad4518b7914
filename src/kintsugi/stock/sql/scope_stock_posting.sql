-- A posting is seen by whoever sees one of its lines (their policy holds in here). One without lines is
-- just being made: nobody reads it then, but whoever makes it must be let.
exists (select 1 from stock_move m where m.posting_id = stock_posting.id)
or not stock_has_moves(id)
