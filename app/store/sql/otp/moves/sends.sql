-- sends.sql · codes sent for the subject so far, one row or none → sends
SELECT sends FROM otp_subjects WHERE kind = :kind AND hash = :hash
