-- How many new rows are still to be taken back.
select count(*) from undo_plan where outcome = 'take_back'
