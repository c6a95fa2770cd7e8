-- add_count.sql · one more in a slot, kept until :until_ms
INSERT INTO otp_counts (what, whom, slot, count, until_ms) VALUES (:what, :whom, :slot, 1, :until_ms)
ON CONFLICT (what, whom, slot) DO UPDATE SET count = otp_counts.count + 1
