-- The checks of what was made, line by line.
select line, finding, passed, reason, facts
from certificate_findings(%s, %s, %s, %s)
order by line, finding desc
