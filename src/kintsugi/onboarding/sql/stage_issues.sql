-- A place for one batch of issues, gone with the transaction.
drop table if exists pg_temp.incoming_issue;
create temporary table incoming_issue on commit drop as
select id, source_id, run_id, entity, rule, severity, place, table_no, table_name, row, column_no,
       header, field, value, proposal, raw_hash, gid
from onboarding_issue with no data
