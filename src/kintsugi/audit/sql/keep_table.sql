-- Refuse the removal of rows of one table; {table} is a quoted identifier. The names come last in
-- the alphabet, so that a table's own refusal, which knows more, speaks first.
create or replace trigger row_stays before delete on {table}
    for each row execute function audit_refuse_delete();
create or replace trigger rows_stay before truncate on {table}
    for each statement execute function audit_refuse_delete();
alter table {table} enable always trigger row_stays;
alter table {table} enable always trigger rows_stay;
