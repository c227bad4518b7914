-- Rows to be compared that are not in the table as the log has them.
select coalesce(s.row_id, t.id)
from (select * from fold_row where table_name = %(table)s) s
{join} join {live} t on t.id = s.row_id
where case
    when t.id is null then s.op <> 'D'
    when s.op is null or s.op = 'D' or s.lives <> 1 then true
    else s.state is distinct from jsonb_strip_nulls(to_jsonb(t) - 'id')
end
order by 1
