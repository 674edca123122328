"""What the photo shows of the person: brows, lids, irises, the other eye, the expression."""
