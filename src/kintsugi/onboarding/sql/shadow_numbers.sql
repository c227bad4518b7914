-- New rows of the private crosswalk get numbers that no real one has.
alter table pg_temp.audit_provenance alter column id restart with 9000000000000000
