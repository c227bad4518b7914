-- Reviews of products are everybody's; those of parties belong to whoever may see the party.
product_id is not null
or party_id in (select p.id from parties_party p)
