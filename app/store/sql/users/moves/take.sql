-- take.sql · count a wrong try of :kind, :hash before it is compared; tries older than :forget_ms count no more → tries; no row: it has to wait
INSERT INTO user_tries (kind, hash, tries, last_ms, until_ms) VALUES (:kind, :hash, 1, :now_ms, 0)
ON CONFLICT (kind, hash) DO UPDATE SET
  tries = CASE WHEN user_tries.last_ms < :forget_ms THEN 1 ELSE user_tries.tries + 1 END,
  last_ms = :now_ms
WHERE user_tries.until_ms <= :now_ms
RETURNING tries
