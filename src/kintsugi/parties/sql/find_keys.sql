-- Parties by their key.
select party_key, id from parties_party where party_key = any(%s) and not is_void
