create function business_number(series text, n int, digits int) returns text language sql immutable parallel safe as
$$ select series || lpad(n::text, greatest(digits, length(n::text)), '0') $$;
comment on function business_number(text, int, int) is 'The n-th number of a series, padded to so many digits.';
