-- slots.sql · what is counted in the slots from :first on → slot, counted …, oldest first
SELECT slot, count AS counted FROM otp_counts WHERE what = :what AND whom = :whom AND slot >= :first ORDER BY slot
