-- The unlocks of the licences one may see.
qualification_id in (select q.id from parties_qualification q)
