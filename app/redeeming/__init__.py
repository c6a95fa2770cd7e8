"""One-time tokens as a service: issued, delivered, proven by a code, redeemed once. `tokens` holds the promise itself."""
