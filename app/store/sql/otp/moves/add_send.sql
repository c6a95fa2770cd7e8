-- add_send.sql · one more code was sent for the subject
UPDATE otp_subjects SET sends = sends + 1, last_sent_ms = :now_ms WHERE kind = :kind AND hash = :hash
