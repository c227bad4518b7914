-- The projections are written by the ledger's triggers, which run as the owner, and by nobody else;
-- the ledger itself only grows.
do $$
declare
    writer text;
begin
    foreach writer in array array['kintsugi_runtime', 'kintsugi_system'] loop
        continue when not exists (select 1 from pg_roles where rolname = writer);
        execute format('revoke insert, update, delete, truncate on stock_balance, stock_cost from %I', writer);
        execute format('revoke update, delete, truncate on stock_move, stock_posting, stock_period from %I', writer);
    end loop;
end $$;
