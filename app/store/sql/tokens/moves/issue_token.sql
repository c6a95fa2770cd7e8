-- Write a token, issued; fails where its hash, its id, its row of the bulk job or the decision it settles is taken.
INSERT INTO tokens (
    token_hash, token_id, program_id, account_id, purpose, campaign_id, reward, points, face_value_minor, currency,
    decision_id, secret_hash, state, issued_ms, not_before_ms, expires_ms, vault_key, wrapped_key, ciphertext,
    otp_method, authenticator_id, channel, personal, key_id, recipient_hash, locale, delivery, policy_version,
    bulk_id, row_id, row_hash, otp_fallback, settles
) VALUES (
    :token_hash, :token_id, :program_id, :account_id, :purpose, :campaign_id, :reward, :points, :face_value_minor,
    :currency, :decision_id, :secret_hash, 'issued', :issued_ms, :not_before_ms, :expires_ms, :vault_key,
    :wrapped_key, :ciphertext, :otp_method, :authenticator_id, :channel, :personal, :key_id, :recipient_hash,
    :locale, :delivery, :policy_version, :bulk_id, :row_id, :row_hash, :otp_fallback, :settles
)
