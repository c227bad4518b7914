-- Bring the crosswalk's records of these source keys into the private copy.
insert into pg_temp.audit_provenance ({columns}) overriding system value
select {columns} from public.audit_provenance p
where p.entity = %s and p.source = %s and p.source_key = any(%s)
on conflict do nothing
