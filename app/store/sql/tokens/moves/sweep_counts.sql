-- Forget counts whose time is over, at most `most`; one row each.
DELETE FROM otp_counts
WHERE (what, whom, slot) IN (SELECT what, whom, slot FROM otp_counts WHERE until_ms <= :now_ms LIMIT :most)
AND until_ms <= :now_ms
RETURNING what
