-- Readings on their way in, as they were written; gone when the transaction ends.
drop table if exists pg_temp.reading_incoming;
create temporary table reading_incoming (
    row_no text, sensor text, at text, temperature text, humidity text
) on commit drop
