"""The processes of one installation: who starts whom, who watches whom, and how they end."""
