-- Records that stand in the tables, of those the newest finished run of each source read and did
-- not leave out on purpose. What is set aside in quarantine counts as not loaded.
with newest as (
    select distinct on (r.source_id) r.counts
    from onboarding_run r
    join projects_projectsource s on s.source_id = r.source_id and not s.is_void
    where s.project_id = %(project)s and r.reverts_id is null and r.parent_id is null
        and r.status = 'verified'
    order by r.source_id, r.created_at desc
)
select sum((counts ->> 'created')::bigint + (counts ->> 'updated')::bigint
         + (counts ->> 'merged')::bigint + (counts ->> 'unchanged')::bigint) as part,
       sum((counts ->> 'read')::bigint - (counts ->> 'excluded')::bigint) as whole
from newest
