-- The points of the token that a redemption redeemed, where it had any.
SELECT t.points FROM redemptions r JOIN tokens t ON t.token_hash = r.token_hash
WHERE r.redemption_id = :redemption_id AND t.program_id = :program_id
