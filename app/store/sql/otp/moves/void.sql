-- void.sql · the subject's challenges are good for nothing any more
UPDATE otp_challenges SET void = 1 WHERE kind = :kind AND hash = :hash AND void = 0
