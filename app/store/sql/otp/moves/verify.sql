-- verify.sql · the challenge is passed and the try at it taken back → authenticator_id; no row: void, passed or used before
UPDATE otp_challenges SET verified_ms = :now_ms, tries = tries - 1
WHERE challenge_id = :challenge_id AND kind = :kind AND hash = :hash
  AND void = 0 AND verified_ms IS NULL AND used_ms IS NULL AND tries > 0
RETURNING authenticator_id
