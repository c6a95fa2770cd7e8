-- uncount.sql · takes one back from a slot
UPDATE otp_counts SET count = count - 1 WHERE what = :what AND whom = :whom AND slot = :slot AND count > 0
