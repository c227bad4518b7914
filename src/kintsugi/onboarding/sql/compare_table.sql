-- The temporary table of what a source told gets the record's key, its row and the row it became.
alter table {} add column _key text, add column _row int, add column _gid uuid
