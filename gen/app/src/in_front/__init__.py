"""What may hide an eye and stays in front of what is painted: rims, lenses, strands of hair."""
