-- Median days from an issue's appearance to the day the source no longer shows it.
select percentile_cont(0.5) within group (
           order by extract(epoch from i.updated_at - i.created_at) / 86400
       ) as part,
       count(*) as whole
from onboarding_issue i
join projects_projectsource s on s.source_id = i.source_id and not s.is_void
where s.project_id = %(project)s and i.status = 'gone' and not i.is_void
    and i.updated_at > %(at)s - make_interval(days => %(days)s)
