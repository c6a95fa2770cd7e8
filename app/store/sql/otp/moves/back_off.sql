-- back_off.sql · nobody tries at the challenge before :next_try_ms
UPDATE otp_challenges SET next_try_ms = :next_try_ms WHERE challenge_id = :challenge_id AND next_try_ms < :next_try_ms
