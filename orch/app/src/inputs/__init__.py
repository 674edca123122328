"""The photos that a run is about: found, filtered, and developed where no stage reads them."""
