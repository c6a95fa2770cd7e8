-- undelivered.sql · tokens whose link did not arrive; what was cancelled stays so
UPDATE tokens SET delivery = :state WHERE token_hash IN :token_hashes AND delivery IN ('waiting', 'sent')
