-- The same for a column that points to its own table: a row that came with the run too and is taken
-- back as well holds nothing, nor does the row itself.
update undo_row r set outcome = 'referenced', held_by = {name}
where r.outcome = 'take_back' and exists (
    select from {referring} x
    where x.{column} = r.row_id and {stands} and x.id <> r.row_id
      and not (exists (
          select from audit_change c join audit_transaction a on a.id = c.transaction_id
          where c.row_id = x.id and a.run_id = %(run)s
            and (c.op = 'I' or c.after -> 'is_void' = 'false')
      ) and not exists (
          select from onboarding_rollbackitem i
          where i.rollback_id = %(rollback)s::uuid and i.row_id = x.id and i.stage = 'plan'
            and i.outcome in ('edited', 'referenced')
      ))
)
