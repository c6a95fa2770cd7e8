-- bar.sql · of a row that is held: no other try before :until_ms
UPDATE user_tries SET until_ms = :until_ms WHERE kind = :kind AND hash = :hash
