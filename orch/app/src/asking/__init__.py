"""What stages are asked, in their words, and what they answer."""
