-- add_try.sql · one more try at a challenge
UPDATE otp_challenges SET tries = tries + 1 WHERE challenge_id = :challenge_id
