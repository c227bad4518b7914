-- Let the database refuse status changes that the state machine does not list.
create or replace trigger state_steps before update of {column} on {table}
    for each row execute function core_check_transition({machine}, {field});
