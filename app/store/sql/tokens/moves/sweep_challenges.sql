-- Forget challenges that expired long ago, at most `most`; one row each.
DELETE FROM otp_challenges
WHERE challenge_id IN (SELECT challenge_id FROM otp_challenges WHERE expires_ms <= :ended_ms LIMIT :most)
RETURNING challenge_id
