-- The same for all records behind these rows.
insert into pg_temp.audit_provenance ({columns}) overriding system value
select {columns} from public.audit_provenance p
where p.gid = any(%s::uuid[])
on conflict do nothing
