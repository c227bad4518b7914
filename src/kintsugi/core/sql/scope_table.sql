-- Limit a table's rows for people with a scope, by the condition of the owning app.
alter table {table} enable row level security;
drop policy if exists scope_of_person on {table};
drop policy if exists scope_of_reader on {table};
drop policy if exists scope_of_system on {table};
create policy scope_of_person on {table} to kintsugi_runtime
    using ((select core_scope_everything()) or ({rule}));
create policy scope_of_reader on {table} for select to kintsugi_reader
    using ((select core_scope_everything()) or ({rule}));
-- Nothing to test, so that the planner may use every index (a policy with a condition keeps
-- operators that are not leakproof, such as ILIKE, away from indexes).
create policy scope_of_system on {table} to kintsugi_system using (true);
