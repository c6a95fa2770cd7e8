-- untry.sql · takes the row of :kind, :hash and one try back from it → tries; no row: there was none
UPDATE otp_subjects SET tries = tries - 1 WHERE kind = :kind AND hash = :hash AND tries > 0 RETURNING tries
