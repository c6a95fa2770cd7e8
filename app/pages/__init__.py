"""What a member meets when redeeming a reward link in a browser: server-rendered pages, no third party, no decision."""
