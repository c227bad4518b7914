-- Credit code or key of every party.
select id, coalesce(uscc, party_key) as key from parties_party
