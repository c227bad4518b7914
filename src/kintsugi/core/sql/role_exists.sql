-- One row when a role of this name exists.
select 1 from pg_roles where rolname = %s
