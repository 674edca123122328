"""Between the passes: whose open eyes may go into which closed ones."""
