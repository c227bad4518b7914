-- A private copy of a table under its own name, which hides it for the rest of this transaction:
-- no lock, no trigger, no log, gone at its end. {rows}: which rows it begins with.
create temporary table {table} (
    like public.{table} including defaults including generated including identity
    including constraints including indexes
) on commit drop;
insert into pg_temp.{table} ({columns}) overriding system value select {columns} from public.{table} where {rows};
analyze pg_temp.{table};
