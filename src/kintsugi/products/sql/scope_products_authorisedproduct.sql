-- The products of the authorisations one may see.
qualification_id in (select q.id from parties_qualification q)
