"""Telling a programme's backend what happened, as Standard Webhooks has it."""
