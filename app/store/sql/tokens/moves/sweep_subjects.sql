-- Forget what was tried at subjects that ended long ago, at most `most`; one row each.
DELETE FROM otp_subjects
WHERE (kind, hash) IN (SELECT kind, hash FROM otp_subjects WHERE ends_ms <= :ended_ms LIMIT :most)
AND ends_ms <= :ended_ms
RETURNING kind
