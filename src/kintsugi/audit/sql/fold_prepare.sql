-- The rows to be compared: what the log says of each. op null: the log does not know the row.
create temporary table if not exists fold_row (
    table_name text not null, row_id uuid not null, op text, state jsonb, lives int,
    primary key (table_name, row_id)
) on commit drop;
truncate fold_row;
-- The columns that a row's changes leave, in their order. Made anew for each fold: one that lay in
-- the database could be replaced by whoever has something to hide.
create or replace aggregate pg_temp.folded(jsonb) (sfunc = jsonb_concat, stype = jsonb, initcond = '{}');
