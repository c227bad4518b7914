-- Count a series up by one and return the new number.
insert into core_sequence as s (series, last) values (%s, 1)
on conflict (series) do update set last = s.last + 1
returning last
