-- fail.sql · one more fail at a challenge of the subject → fails, tries, authenticator_id
UPDATE otp_challenges SET fails = fails + 1
WHERE challenge_id = :challenge_id AND kind = :kind AND hash = :hash
RETURNING fails, tries, authenticator_id
