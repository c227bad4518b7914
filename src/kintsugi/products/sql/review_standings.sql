-- Where parties in a role, or products, stand on a day.
select subject, review, standing, ends_on from first_review_standings(%s, %s, %s)
