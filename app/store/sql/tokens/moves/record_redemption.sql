-- The commit point: write the credit, unless the token was ever redeemed before; a row means it is written.
INSERT INTO redemptions (
    token_hash, redemption_id, token_id, program_id, account_id, campaign_id, reward, at_ms, actor, call_hash,
    sealed_answer, replay_until_ms
) VALUES (
    :token_hash, :redemption_id, :token_id, :program_id, :account_id, :campaign_id, :reward, :at_ms, :actor,
    :call_hash, :sealed_answer, :replay_until_ms
)
ON CONFLICT (token_hash) DO NOTHING
RETURNING redemption_id
