"""What a person chooses: faces that stay closed, and variations that become final pictures."""
