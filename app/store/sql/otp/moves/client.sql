-- client.sql · fails of a client at the subject, which it must wait after → fails, until_ms
SELECT count AS fails, until_ms FROM otp_counts WHERE what = 'client' AND whom = :whom AND slot = 0
