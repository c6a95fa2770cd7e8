-- Use up the passed challenge of a session, fresh enough and never used; a row means it held.
UPDATE otp_challenges SET used_ms = :at_ms
WHERE challenge_id = :challenge_id AND kind = 'token' AND hash = :token_hash AND session_hash = :session_hash
AND verified_ms >= :verified_since_ms AND used_ms IS NULL AND void = 0
RETURNING challenge_id
