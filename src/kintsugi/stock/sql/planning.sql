-- A plan is made once a connection and kept. One made for a posting of thousands of lines read every
-- unit there is for each posting of one line after it; probing by index suits both.
alter function stock_apply_moves() set enable_hashjoin = off;
alter function stock_apply_moves() set enable_mergejoin = off;
