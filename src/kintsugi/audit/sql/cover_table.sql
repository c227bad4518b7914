-- Attach the change log to one business table; {table} is a quoted identifier.
create or replace trigger audit_context before insert or update or delete or truncate on {table}
    for each statement execute function audit_require_context();
create or replace trigger audit_insert after insert on {table}
    referencing new table as new_rows for each statement execute function audit_log_insert();
create or replace trigger audit_update after update on {table}
    referencing old table as old_rows new table as new_rows
    for each statement execute function audit_log_update();
create or replace trigger audit_delete after delete on {table}
    referencing old table as old_rows for each statement execute function audit_log_delete();
