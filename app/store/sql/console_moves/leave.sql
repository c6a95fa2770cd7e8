-- Count the time since this user's last look, at most :most ms, for what was looked at then.
UPDATE case_looks
SET spent_ms = spent_ms + CASE
  WHEN CAST(:now_ms AS BIGINT) - last_ms < CAST(:most AS BIGINT) THEN CAST(:now_ms AS BIGINT) - last_ms
  ELSE CAST(:most AS BIGINT) END
WHERE user_id = :user_id AND last_ms < CAST(:now_ms AS BIGINT)
AND last_ms = (SELECT max(seen.last_ms) FROM case_looks AS seen WHERE seen.user_id = :user_id)
