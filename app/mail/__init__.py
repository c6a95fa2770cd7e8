"""What leaves the house: mails, text messages, and notices of links that a programme sends itself."""
