-- Each field that the run wrote: what it was before, what was loaded, what it is now. A new row that
-- is as the run left it needs no look at its fields.
update undo_row r set same = true
from {table} t, undo_change c
where t.id = r.row_id and c.row_id = r.row_id and r.n = 1 and r.made
  and jsonb_strip_nulls(to_jsonb(t)) - array['id', 'version', 'created_at', 'updated_at'] = c.after - array['id', 'version', 'created_at', 'updated_at'];
insert into undo_field (row_id, field, before, loaded, last)
select c.row_id, k.key, coalesce((array_agg(c.before -> k.key order by c.id))[1], 'null'),
    coalesce((array_agg(c.after -> k.key order by c.id desc))[1], 'null'), max(c.id)
from undo_change c
join undo_row r on r.row_id = c.row_id and not r.same
cross join lateral jsonb_object_keys(c.after) k (key)
where k.key <> all (array['id', 'version', 'created_at', 'updated_at'])
group by c.row_id, k.key;
create index on undo_field (row_id, field);
analyze undo_field;
-- What a new row did not say and says now.
insert into undo_field (row_id, field, before, loaded, last)
select r.row_id, k.key, 'null', 'null', r.last
from undo_row r
join {table} t on t.id = r.row_id
cross join lateral jsonb_each(to_jsonb(t)) k
where r.made and not r.same and k.value <> 'null' and k.key <> all (array['id', 'version', 'created_at', 'updated_at'])
  and not exists (select from undo_field f where f.row_id = r.row_id and f.field = k.key);
-- Of a row that stands again, what was changed beside what the run wrote.
insert into undo_field (row_id, field, before, loaded, last)
select r.row_id, k.key, (array_agg(k.value order by c.id))[1], (array_agg(k.value order by c.id))[1], r.last
from undo_row r
join audit_change c on c.row_id = r.row_id and c.id + 0 > r.last and c.table_name = %(table)s and c.op = 'U'
cross join lateral jsonb_each(c.before) k
where r.born and not r.made and k.key <> all (array['id', 'version', 'created_at', 'updated_at'])
  and not exists (select from undo_field f where f.row_id = r.row_id and f.field = k.key)
group by r.row_id, k.key, r.last;
update undo_field f set current = coalesce(to_jsonb(t) -> f.field, 'null')
from {table} t where t.id = f.row_id
