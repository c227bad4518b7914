-- The rows to be compared: what the log says of each. op null: the log does not know the row.
create temporary table if not exists fold_row (
    table_name text not null, row_id uuid not null, op text, state jsonb, lives int,
    primary key (table_name, row_id)
) on commit drop;
truncate fold_row;
