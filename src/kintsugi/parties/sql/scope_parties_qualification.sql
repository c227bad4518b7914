-- The licences of the parties one may see; the policy of parties answers for whoever asks.
party_id in (select p.id from parties_party p)
