-- Refuse the removal of rows of one table; {table} is a quoted identifier.
create or replace trigger audit_keep before delete on {table}
    for each row execute function audit_refuse_delete();
create or replace trigger audit_keep_all before truncate on {table}
    for each statement execute function audit_refuse_delete();
alter table {table} enable always trigger audit_keep;
alter table {table} enable always trigger audit_keep_all;
